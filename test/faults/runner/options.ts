import { parseArgs } from 'node:util';

/** What a run was asked to do. */
export interface RunnerOptions {
  /** `full`: the counts of the full run instead of CI's. */
  readonly full: boolean;
  /** Only these classes; empty means all. */
  readonly only: readonly string[];
  /** Instead of each class's own count. */
  readonly count: number | undefined;
  readonly seed: number;
  /** Rows of classes that are not run are kept from the last report. */
  readonly merge: boolean;
}

/** CI's share is the same for every change, so that a change alone makes it fail; full runs draw their seed. */
export const CI_SEED = 20_261_121;

/** Reads the command line; `chosenSeed` is for a full run without one. Throws one sentence when it makes no sense. */
export function readOptions(args: readonly string[], chosenSeed: number): RunnerOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      full: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      count: { type: 'string' },
      seed: { type: 'string' },
      merge: { type: 'boolean', default: false },
    },
  });
  const only = values.only.flatMap((list) => list.split(',')).filter((name) => name !== '');
  return {
    full: values.full,
    only,
    count: values.count === undefined ? undefined : wholeNumber('--count', values.count),
    seed: values.seed === undefined ? seedFor(values.full, chosenSeed) : wholeNumber('--seed', values.seed),
    merge: values.merge,
  };
}

function seedFor(full: boolean, chosenSeed: number): number {
  return full ? chosenSeed : CI_SEED;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (text === '' || !Number.isSafeInteger(value) || value < 0 || value > 0x7fff_ffff)
    throw new Error(`${name} takes a whole number from 0 to 2147483647`);
  return value;
}

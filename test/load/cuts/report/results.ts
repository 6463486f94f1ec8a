import { RIVAL_CONDITIONS, RIVALS, rivalName } from '../rivals/rivals.ts';
import { CHANGING_NOISES, CONDITIONS, type NoiseKind, STEADY_NOISES } from '../runs/conditions.ts';
import type { StageCost } from '../runs/stage-cost.ts';
import { addUp, type Tally } from '../runs/tally.ts';
import { type Outcome, TRUTH } from '../runs/task.ts';
import type { KeptWords } from '../words/kept-words.ts';

/** Segments of noise alone, and those of them marked as speech. */
interface NoiseTally {
  readonly segments: number;
  readonly marked: number;
}

/** What the engine said of a stream in an earlier run, and how many of its cuts lie elsewhere by now. */
export interface KnownWords {
  readonly kept: KeptWords;
  readonly moved: number;
}

/** All that was measured. */
export interface CutsResult {
  /** By condition, in their order, and behind them what they are compared with. */
  readonly conditions: ReadonlyMap<string, Tally>;
  /** What is used instead, by `rivalName`; without cuts where it could not be run. */
  readonly rivals: ReadonlyMap<string, Tally>;
  readonly noises: ReadonlyMap<NoiseKind, NoiseTally>;
  readonly cost: StageCost | undefined;
  readonly words: KnownWords | undefined;
}

/** Conditions are pooled as the goals are stated. */
const isTenOrBetter = (group: string): boolean => ['clean', '20 dB', '10 dB'].includes(group);

export function collect(outcomes: readonly Outcome[], rest: Pick<CutsResult, 'cost' | 'words'>): CutsResult {
  const talks = outcomes.flatMap((outcome) => (outcome.kind === 'talk' ? [outcome.tallies] : []));
  const names = [...CONDITIONS.map(({ name }) => name), TRUTH];
  const rivals = RIVALS.flatMap((rival) => RIVAL_CONDITIONS.map((name) => rivalName(rival, name)));
  const alone = outcomes.flatMap((outcome) => (outcome.kind === 'noise' ? [outcome] : []));
  const noises = new Map<NoiseKind, NoiseTally>();
  for (const noise of [...STEADY_NOISES, ...CHANGING_NOISES]) {
    const tracks = alone.filter((outcome) => outcome.noise === noise);
    noises.set(noise, {
      segments: tracks.reduce((sum, { segments }) => sum + segments, 0),
      marked: tracks.reduce((sum, { marked }) => sum + marked, 0),
    });
  }
  const summed = (name: string): [string, Tally] => [
    name,
    addUp(talks.flatMap((tallies) => tallies[name] ?? [])),
  ];
  return {
    conditions: new Map(names.map(summed)),
    rivals: new Map(rivals.map(summed)),
    noises,
    ...rest,
  };
}

/** The counts of all conditions of a kind added up. */
export function pooled(result: CutsResult, wanted: (group: string, name: string) => boolean): Tally {
  const names = CONDITIONS.filter(({ group, name }) => wanted(group, name)).map(({ name }) => name);
  return addUp(names.flatMap((name) => result.conditions.get(name) ?? []));
}

/** Clean, and 20 and 10 dB of steady noise and of the telephone. */
export const tenOrBetter = (result: CutsResult): Tally => pooled(result, isTenOrBetter);

export const ofGroup = (result: CutsResult, group: string): Tally => pooled(result, (of) => of === group);

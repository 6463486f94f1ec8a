import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { workspaceRoot } from '../../../faults/processes/workspace.ts';

const SOURCES = join(workspaceRoot, 'packages', 'audio', 'src');

/** What is trained, and with how much. */
export interface TrainingOptions {
  readonly seed: number;
  /** Which networks are trained. */
  readonly networks: readonly string[];
  readonly talks: number;
  readonly talkSeconds: number;
  /** Part of the places of talks that is taken, for the share of their conditions. */
  readonly density: number;
  readonly pieces: number;
  /** Tracks of each other noise. */
  readonly tracks: number;
  readonly noiseSeconds: number;
  readonly gapUnits: number;
  readonly textureUnits: number;
  readonly gapEpochs: number;
  readonly textureEpochs: number;
  readonly threads: number;
  /** Whether modules are written, and into which folder; otherwise networks are only trained. */
  readonly write: boolean;
  readonly into: string;
}

const USAGE = `npm run train:cuts -- [options]
  --seed N         which talks, noises and first weights (1)
  --quick          a minute: few talks; for a look at whether it works
  --only NAME      gap or texture: trains one network alone
  --write          writes the modules of what was trained into packages/audio
  --into FOLDER    where to, if not there
  --gap-units N    24
  --texture-units N  24
  --threads N      2`;

/** Reads the command line. Throws the usage when it makes no sense. */
export function readTrainingOptions(args: readonly string[]): TrainingOptions {
  const values = parse(args);
  const networks = values.only === undefined ? ['gap', 'texture'] : [values.only];
  if (networks.some((name) => name !== 'gap' && name !== 'texture')) throw new Error(USAGE);
  const { quick } = values;
  return {
    seed: count(values.seed),
    networks,
    talks: quick ? 8 : 64,
    talkSeconds: quick ? 30 : 80,
    density: quick ? 0.3 : 0.6,
    pieces: quick ? 16 : 400,
    tracks: quick ? 1 : 8,
    noiseSeconds: quick ? 40 : 48,
    gapUnits: count(values['gap-units']),
    textureUnits: count(values['texture-units']),
    gapEpochs: quick ? 2 : 8,
    textureEpochs: quick ? 4 : 20,
    threads: count(values.threads),
    write: values.write,
    into: values.into,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string', default: '1' },
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        write: { type: 'boolean', default: false },
        into: { type: 'string', default: SOURCES },
        'gap-units': { type: 'string', default: '24' },
        'texture-units': { type: 'string', default: '24' },
        threads: { type: 'string', default: '2' },
      },
    }).values;
  } catch (cause) {
    throw new Error(USAGE, { cause });
  }
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(USAGE);
  return value;
}

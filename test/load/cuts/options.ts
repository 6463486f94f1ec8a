import { parseArgs } from 'node:util';
import type { Split } from './speech/voices.ts';

/** What a run measures. */
export interface CutsOptions {
  /** How the run was asked for. */
  readonly command: string;
  readonly quick: boolean;
  /** Whether nothing but the words is measured. */
  readonly wordsOnly: boolean;
  readonly split: Split;
  readonly seed: number;
  readonly talks: number;
  readonly talkSeconds: number;
  readonly noiseSeconds: number;
  readonly noiseTracks: number;
  /** Pieces of music, of which no two are alike. */
  readonly musicTracks: number;
  readonly threads: number;
  readonly streams: number;
  /** Length of the stream whose words are recognised with `wordsOnly`, seconds. */
  readonly wordSeconds: number;
  /** Windows in which the cost of the stage is measured; 0 for not at all. */
  readonly windows: number;
}

const USAGE = `npm run bench:cuts -- [options]
  --quick             under two minutes: fewer and shorter talks; nothing is written
  --split test|tune   which voices and sentences (test); nothing is written of tune
  --seed N            which talks and noises (1)
  --talks N           how many talks (20; 8 with --quick)
  --seconds N         of each talk (180; 90 with --quick)
  --threads N         2
  --no-cost           leaves out what the chunk stage costs
  --only words        nothing but what the embedded engine understands, which takes long: what it finds is kept beside
                      the report, for full runs to tell, and replaces what the report said of it`;

/** Reads the command line. Throws the usage when it makes no sense. */
export function readCutsOptions(args: readonly string[]): CutsOptions {
  const { quick, split, seed, talks, seconds, threads, only, 'no-cost': noCost } = parse(args);
  if (split !== 'test' && split !== 'tune') throw new Error(USAGE);
  if (only !== undefined && only !== 'words') throw new Error(USAGE);
  return {
    command: ['npm run bench:cuts', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    quick,
    wordsOnly: only === 'words',
    split,
    seed: count(seed),
    talks: count(talks ?? (quick ? '8' : '20')),
    talkSeconds: count(seconds ?? (quick ? '90' : '180')),
    noiseSeconds: quick ? 60 : 90,
    noiseTracks: quick ? 1 : 4,
    musicTracks: quick ? 10 : 24,
    threads: count(threads),
    streams: 1000,
    wordSeconds: quick ? 60 : 600,
    windows: noCost ? 0 : quick ? 3 : 7,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        split: { type: 'string', default: 'test' },
        seed: { type: 'string', default: '1' },
        only: { type: 'string' },
        talks: { type: 'string' },
        seconds: { type: 'string' },
        threads: { type: 'string', default: '2' },
        'no-cost': { type: 'boolean', default: false },
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

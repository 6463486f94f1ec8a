import { parentPort, workerData } from 'node:worker_threads';
import { BranchCounts } from '../oracle/branches.ts';
import { simulate } from '../simulation.ts';

/** Seeds to run, and how. */
export interface SeedRange {
  readonly seeds: readonly number[];
}

/** A run that broke a promise, in one line. */
export interface FailedRun {
  readonly seed: number;
  readonly line: string;
}

/** What came of many runs; plain data, so that it can cross from a worker. */
export interface SeedTally {
  readonly runs: number;
  readonly steps: number;
  readonly injected: number;
  readonly samplesLost: number;
  readonly samplesDoubled: number;
  readonly stuck: number;
  readonly falseAcks: number;
  readonly branches: Readonly<Record<string, number>>;
}

/** Failed runs that are told one by one; more are only counted. */
const TOLD = 20;

/** Told while seeds run. */
export interface SeedWatch {
  /** How many are done. */
  readonly onRun: (runs: number) => void;
  readonly onFailed: (failed: FailedRun) => void;
}

/** Runs seeds one after the other in this thread. */
export async function runSeeds(range: SeedRange, watch: SeedWatch): Promise<SeedTally> {
  const tally = { runs: 0, steps: 0, injected: 0, samplesLost: 0, samplesDoubled: 0, stuck: 0, falseAcks: 0 };
  let failed = 0;
  const branches = new BranchCounts();
  for (const seed of range.seeds) {
    const result = await simulate({ seed });
    tally.runs += 1;
    tally.steps += result.steps;
    tally.injected += result.injected;
    tally.stuck += result.stuck;
    for (const { rule, lost, doubled } of result.violations) {
      tally.samplesLost += lost;
      tally.samplesDoubled += Math.max(doubled, ['I3', 'I5', 'I8'].includes(rule) ? 1 : 0);
      if (['I1', 'I4', 'I7'].includes(rule)) tally.falseAcks += 1;
      if (['I6', 'I13', 'I17', 'crash'].includes(rule)) tally.stuck += 1;
    }
    branches.add(result.reached);
    if (result.violations.length + result.stuck > 0 && failed < TOLD) {
      const told = result.violations
        .slice(0, 3)
        .map(({ rule, session, what }) => `${rule} ${session} ${what}`);
      watch.onFailed({ seed, line: [...(result.stuck > 0 ? ['stuck'] : []), ...told].join('; ') });
      failed += 1;
    }
    watch.onRun(tally.runs);
  }
  return { ...tally, branches: branches.record() };
}

function isSeedRange(value: unknown): value is SeedRange {
  return typeof value === 'object' && value !== null && 'seeds' in value && Array.isArray(value.seeds);
}

if (parentPort !== null && isSeedRange(workerData)) {
  Error.stackTraceLimit = 0;
  const port = parentPort;
  const tally = await runSeeds(workerData, {
    onRun: (runs) => {
      if (runs % 1000 === 0) port.postMessage({ runs });
    },
    onFailed: (failed) => port.postMessage({ failed }),
  });
  port.postMessage({ tally });
}

import type { FaultClass, FaultFigures, FaultRun } from '../runner/fault-class.ts';
import { forkSeed } from '../runner/random.ts';
import { runFarm } from './farm/seed-farm.ts';
import { BRANCHES } from './oracle/branches.ts';

/** From this many runs on, each rare branch has to have been reached. */
const RUNS_THAT_REACH_ALL = 1000;

/** Whole runs of nodes, clients and their world in virtual time, each decided by its seed. */
export const simulator: FaultClass = {
  name: 'simulator',
  ciCount: 2000,
  fullCount: 200_000,
  run: runSimulator,
};

async function runSimulator({ count, seed, log }: FaultRun): Promise<FaultFigures> {
  const seeds = Array.from({ length: count }, (_, index) => forkSeed(seed, `run ${index}`));
  const tally = await runFarm(seeds, log);
  const reached = BRANCHES.map((branch) => `${branch} ${tally.branches[branch] ?? 0}`);
  const missing = BRANCHES.filter((branch) => (tally.branches[branch] ?? 0) === 0);
  if (count >= RUNS_THAT_REACH_ALL && missing.length > 0) {
    throw new Error(`no run of ${count} reached: ${missing.join(', ')}`);
  }
  const { samplesLost, samplesDoubled, stuck, falseAcks } = tally;
  const perRun = Math.round(tally.steps / Math.max(1, tally.runs));
  const notes = `${tally.injected} faults, ${perRun} events a run; runs that reached: ${reached.join(', ')}`;
  return { class: 'simulator', injected: tally.runs, samplesLost, samplesDoubled, stuck, falseAcks, notes };
}

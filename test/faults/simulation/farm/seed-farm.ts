import { Worker } from 'node:worker_threads';
import { BRANCHES } from '../oracle/branches.ts';
import { type FailedRun, runSeeds, type SeedTally, type SeedWatch } from './seed-worker.ts';

/** Threads that share a long run. */
const WORKERS = 2;
/** Fewer seeds than this are not worth a thread. */
const SEEDS_WORTH_A_WORKER = 1000;

type WorkerMessage =
  | { readonly runs: number }
  | { readonly failed: FailedRun }
  | { readonly tally: SeedTally };

/** Runs many seeds, on two threads when there are many and this is built code. */
export async function runFarm(seeds: readonly number[], log: (line: string) => void): Promise<SeedTally> {
  const isBuilt = import.meta.url.endsWith('.js');
  const onFailed = ({ seed, line }: FailedRun): void => {
    log(`simulator: seed ${seed}: ${line}`);
    log(`simulator: repeat with node test/dist/faults/simulation/replay.js ${seed}`);
  };
  if (!isBuilt || seeds.length < SEEDS_WORTH_A_WORKER) {
    return await runSeeds({ seeds }, { onRun: () => undefined, onFailed });
  }
  const done = new Array<number>(WORKERS).fill(0);
  const progress = (worker: number, runs: number): void => {
    done[worker] = runs;
    const sum = done.reduce((total, each) => total + each, 0);
    if (sum % 10_000 === 0) log(`simulator: ${sum} of ${seeds.length} runs`);
  };
  const tallies = await Promise.all(
    done.map((_, worker) => {
      const share = seeds.filter((_seed, index) => index % WORKERS === worker);
      return runInWorker(share, { onRun: (runs) => progress(worker, runs), onFailed });
    }),
  );
  return tallies.reduce(merged);
}

function runInWorker(seeds: readonly number[], watch: SeedWatch): Promise<SeedTally> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./seed-worker.js', import.meta.url), {
      workerData: { seeds },
      // Runs leave much behind that lives for one run: room for it spares the collector most of its work.
      resourceLimits: { maxYoungGenerationSizeMb: 64 },
    });
    worker.on('message', (message: WorkerMessage) => {
      if ('tally' in message) resolve(message.tally);
      else if ('failed' in message) watch.onFailed(message.failed);
      else watch.onRun(message.runs);
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`a simulating thread left with ${code}`)));
  });
}

function merged(a: SeedTally, b: SeedTally): SeedTally {
  return {
    runs: a.runs + b.runs,
    steps: a.steps + b.steps,
    injected: a.injected + b.injected,
    samplesLost: a.samplesLost + b.samplesLost,
    samplesDoubled: a.samplesDoubled + b.samplesDoubled,
    stuck: a.stuck + b.stuck,
    falseAcks: a.falseAcks + b.falseAcks,
    branches: Object.fromEntries(
      BRANCHES.map((branch) => [branch, (a.branches[branch] ?? 0) + (b.branches[branch] ?? 0)]),
    ),
  };
}

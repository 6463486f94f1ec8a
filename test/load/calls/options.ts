import { parseArgs } from 'node:util';

/** What a run measures. */
export interface BenchOptions {
  readonly only: 'latency' | 'load' | undefined;
  readonly quick: boolean;
  readonly windows: number;
  readonly latencyCalls: number;
  readonly latencyWarmUpMs: number;
  readonly latencyWindowMs: number;
  readonly loadCalls: number;
  readonly loadRampMs: number;
  readonly loadWarmUpMs: number;
  readonly loadWindowMs: number;
  readonly record: boolean;
  /** Arguments of node for the measured service, such as --cpu-prof. */
  readonly nodeArgs: readonly string[];
}

const USAGE = `npm run bench:calls -- [options]
  --quick              under a minute: shorter windows; memory is not judged
  --seconds N          length of the run with many calls (180)
  --only latency|load  one of the two runs
  --calls N            calls of the run with many calls (200)
  --latency-calls N    calls of the latency run (50)
  --no-record          calls whose audio is not kept
  --node-arg ARG       for the service's process; may be repeated`;

/** Reads the command line. Throws the usage when it makes no sense. */
export function readBenchOptions(args: readonly string[]): BenchOptions {
  const { values } = parse(args);
  const { quick, only } = values;
  if (only !== undefined && only !== 'latency' && only !== 'load') throw new Error(USAGE);
  const windows = 3;
  const seconds = count(values.seconds ?? (quick ? '6' : '180'));
  return {
    only,
    quick,
    windows,
    latencyCalls: count(values['latency-calls']),
    latencyWarmUpMs: quick ? 1000 : 3000,
    latencyWindowMs: quick ? 2000 : 10_000,
    loadCalls: count(values.calls),
    loadRampMs: quick ? 4000 : 30_000,
    // Memory is level only when each call has stored two segments of both tracks, and those take 25 s at most.
    loadWarmUpMs: quick ? 2000 : 60_000,
    loadWindowMs: (seconds * 1000) / windows,
    record: !values['no-record'],
    nodeArgs: values['node-arg'],
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        seconds: { type: 'string' },
        only: { type: 'string' },
        calls: { type: 'string', default: '200' },
        'latency-calls': { type: 'string', default: '50' },
        'no-record': { type: 'boolean', default: false },
        'node-arg': { type: 'string', multiple: true, default: [] },
      },
    });
  } catch (cause) {
    throw new Error(USAGE, { cause });
  }
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(USAGE);
  return value;
}

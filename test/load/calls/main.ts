import { type BenchOptions, readBenchOptions } from './options.ts';
import { type Figure, figuresLine, latencyFigures, loadFigures } from './report/figures.ts';
import { writeBenchReport } from './report/report.ts';
import { type LatencyRow, measureLatency } from './runs/latency.ts';
import { type LoadResult, measureManyCalls } from './runs/many-calls.ts';
import { type CallsService, startCallsService } from './service/calls-service.ts';

/** Bytes of a Pilot message: one tick, and what a service sends unless told otherwise. */
const SMALL_FRAME = 640;
const USUAL_FRAME = 1920;

async function withService<T>(
  { frameBytes, nodeArgs }: { frameBytes: number; nodeArgs: readonly string[] },
  use: (service: CallsService) => Promise<T>,
): Promise<T> {
  const service = await startCallsService({ frameBytes, nodeArgs });
  try {
    return await use(service);
  } finally {
    await service.stop();
  }
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function latencyOf(
  options: BenchOptions,
  { name, face, frameBytes }: { name: string; face: 'wadial' | 'pilot'; frameBytes: number },
): Promise<LatencyRow> {
  say(`latency, ${name}: ${options.latencyCalls} calls`);
  return withService({ frameBytes, nodeArgs: options.nodeArgs }, (service) =>
    measureLatency(service, {
      name,
      face,
      calls: options.latencyCalls,
      record: options.record,
      warmUpMs: options.latencyWarmUpMs,
      windows: options.windows,
      windowMs: options.latencyWindowMs,
    }),
  );
}

async function loadOf(options: BenchOptions): Promise<LoadResult> {
  say(`load: ${options.loadCalls} calls with a listener each`);
  return withService({ frameBytes: USUAL_FRAME, nodeArgs: options.nodeArgs }, (service) =>
    measureManyCalls(service, {
      calls: options.loadCalls,
      record: options.record,
      rampMs: options.loadRampMs,
      warmUpMs: options.loadWarmUpMs,
      windows: options.windows,
      windowMs: options.loadWindowMs,
    }),
  );
}

/** The bench of calls: `node test/dist/load/calls/main.js [--quick] [--seconds N] …`; its last line is JSON. */
const options = readBenchOptions(process.argv.slice(2));
const latency: LatencyRow[] = [];
if (options.only !== 'load') {
  latency.push(await latencyOf(options, { name: 'wadial_float32', face: 'wadial', frameBytes: USUAL_FRAME }));
  latency.push(await latencyOf(options, { name: 'pilot_640', face: 'pilot', frameBytes: SMALL_FRAME }));
  latency.push(await latencyOf(options, { name: 'pilot_1920', face: 'pilot', frameBytes: USUAL_FRAME }));
}
const load = options.only === 'latency' ? undefined : await loadOf(options);
const figures: Figure[] = [
  ...latency.flatMap(latencyFigures),
  ...(load === undefined ? [] : loadFigures(load, { judgeMemory: !options.quick })),
];
const { latencyCalls, latencyWindowMs, record } = options;
const result = { latencyCalls, windowSeconds: latencyWindowMs / 1000, latency, load, record };
const keep = options.only === undefined && !options.quick;
process.stdout.write(`${await writeBenchReport(result, { figures, keep })}\n\n${figuresLine(figures)}\n`);
process.exit(0);

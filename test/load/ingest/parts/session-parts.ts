import { median, quantile } from '../../calls/report/statistics.ts';
import { type Findings, figure } from '../report/figures.ts';
import { table } from '../report/table.ts';
import { CALLS, measureIndex } from '../runs/sessions/index-size.ts';
import { measureLongSession } from '../runs/sessions/long-session.ts';
import { measureOverhead } from '../runs/sessions/overhead.ts';
import { measureUploads } from '../runs/sessions/uploads.ts';
import type { PartContext } from './context.ts';

/** A megabyte over HTTP, against a server that only keeps it. */
export async function uploadsPart({ options, say }: PartContext): Promise<Findings> {
  const { windows, nodeArgs, quick } = options;
  const uploads = quick ? 12 : 200;
  say(`uploads: ${windows} windows of ${uploads} files of 1 MB to each server`);
  const { bare, earshot } = await measureUploads({ windows, uploads, nodeArgs });
  const ratio = median(earshot.map((ms, index) => ms / (bare[index] ?? Number.NaN)));
  return {
    figures: [
      figure({ name: 'upload_cpu_ratio', value: ratio, goal: 1.3, unit: 'x' }),
      figure({ name: 'upload_cpu_bare', value: median(bare), unit: 'ms' }),
      figure({ name: 'upload_cpu_earshot', value: median(earshot), unit: 'ms' }),
    ],
    text: [
      `Processor time of one upload of 1 MB, ms, in windows of ${uploads} uploads, four at once, into a local folder with fsync on both sides:`,
      table(
        ['server', ...bare.map((_, index) => `window ${index + 1}`)],
        [
          ['bare', ...bare.map((ms) => ms.toFixed(2))],
          ['earshot', ...earshot.map((ms) => ms.toFixed(2))],
        ],
      ),
    ],
    leftOut: [],
  };
}

/** From End of a session of two hours to its jobs on the queue. */
export async function longSessionPart({ options, store, say }: PartContext): Promise<Findings> {
  say('a session of two hours');
  const result = await measureLongSession({
    store,
    sessions: options.quick ? 1 : 3,
    nodeArgs: options.nodeArgs,
  });
  const { queuedMs, answerMs, jobs, intakeSeconds } = result;
  return {
    figures: [
      figure({ name: 'end_of_two_hours_to_jobs', value: median(queuedMs) / 1000, goal: 1, unit: 's' }),
    ],
    text: [
      `End of a two-hour session (${queuedMs.length} sessions): answered after ${median(answerMs).toFixed(0)} ms, its ${jobs} segment jobs on the queue after ${median(queuedMs).toFixed(0)} ms (median; seen through /metrics, asked every 10 ms). Its audio went in within ${intakeSeconds.toFixed(1)} s.`,
    ],
    leftOut: [],
  };
}

/** What queue, fetching and assembling add to the engine's own time. */
export async function overheadPart({ options, store, say }: PartContext): Promise<Findings> {
  const sessions = options.quick ? 6 : 40;
  say(`overhead: ${sessions} sessions of 12 segments with an engine that answers at once`);
  const { elapsedMs, segments } = await measureOverhead({ store, sessions });
  const [p50, p95] = [quantile(elapsedMs, 0.5), quantile(elapsedMs, 0.95)];
  return {
    figures: [
      figure({ name: 'session_overhead_p50', value: p50, unit: 'ms' }),
      figure({ name: 'session_overhead_p95', value: p95, goal: 250, unit: 'ms' }),
    ],
    text: [
      `From the request to End until Get Session gave the transcript, ${sessions} sessions of ${segments} segments one after the other, one worker, an HTTP engine that answers at once: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms. It holds the worker's own work on each segment and the engine's HTTP call.`,
    ],
    leftOut: [],
  };
}

/** Whether calls take longer when there are many sessions. */
export async function indexPart({ options, say }: PartContext): Promise<Findings> {
  const many = options.quick ? 3000 : 100_000;
  say(`index: 100 sessions beside ${many}`);
  const result = await measureIndex({ many, samples: options.quick ? 40 : 200 });
  const of = (call: (typeof CALLS)[number]): { few: number; many: number; ratio: number } => {
    const side = result.times[call];
    return { few: median(side.few), many: median(side.many), ratio: median(side.many) / median(side.few) };
  };
  return {
    figures: CALLS.map((call) =>
      figure({ name: `index_${many}_${call}_ratio`, value: of(call).ratio, goal: 1.2, unit: 'x' }),
    ),
    text: [
      `Time of calls with ${result.few} and with ${result.many} sessions, two earshots asked in turn, medians of ${result.times.get.many.length} (filled beforehand with copies of a session that the API created, ${result.filledPerSecond.toFixed(0)} a second):`,
      table(
        ['call', `${result.few} sessions`, `${result.many} sessions`, 'ratio'],
        CALLS.map((call) => {
          const { few, many: large, ratio } = of(call);
          return [call, `${few.toFixed(2)} ms`, `${large.toFixed(2)} ms`, ratio.toFixed(2)];
        }),
      ),
      options.quick ? 'A whole run measures 100,000 sessions.' : '',
    ],
    leftOut: [],
  };
}

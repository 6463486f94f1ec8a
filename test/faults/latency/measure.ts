import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMs, residentKb } from '../../rig/process-usage.ts';
import { quantile } from '../classes/quantile.ts';
import { apiOf } from '../client/api.ts';
import { type Earshot, startEarshot } from '../processes/earshot.ts';
import { openPacedStream, type PacedStream } from './paced-stream.ts';

/** What was measured with a number of streams in real time on one ingest process. */
export interface LatencyRow {
  readonly streams: number;
  /** From sending a frame to the durable ack that covers it, ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly frames: number;
  /** Memory of the ingest process before any stream, and what each stream adds at the end, KB. */
  readonly idleKb: number;
  readonly perStreamKb: number;
  /** Share of one processor that the ingest process took. */
  readonly ingestCpu: number;
  /** Later than planned by the rig itself when frames were sent, p99, ms: with much of it the rig is the bottleneck. */
  readonly rigDelayMs: number;
}

const FRAME_MS = 20;
const WARM_UP_MS = 3000;

/** Streams 20 ms frames of 16 kHz audio in real time against a journal that syncs, with a local folder as store. */
export async function measure(load: { streams: number; seconds: number }): Promise<LatencyRow> {
  const earshot = await startEarshot({ workers: 0 });
  try {
    return await measureOn(earshot, load);
  } finally {
    await earshot.stop();
  }
}

async function measureOn(
  earshot: Earshot,
  { streams: count, seconds }: { streams: number; seconds: number },
): Promise<LatencyRow> {
  const [node] = earshot.ingest;
  if (node === undefined) throw new Error('there is no node');
  const api = apiOf(() => `http://127.0.0.1:${node.port}`, earshot.key);
  const by = performance.now() + 60_000;
  const sessions = [];
  for (let i = 0; i < count; i += 1) sessions.push(await api.create(() => by));
  await sleep(1000);
  const idleKb = await residentKb(node.process.pid);
  const streams = await Promise.all(sessions.map(({ uploadUrl }) => openPacedStream(uploadUrl)));
  const began = performance.now();
  const delays: number[] = [];
  let cpuAt = 0;
  for (let frame = 0; frame * FRAME_MS < WARM_UP_MS + seconds * 1000; frame += 1) {
    if (frame * FRAME_MS === WARM_UP_MS) {
      for (const stream of streams) stream.latencies.length = 0;
      cpuAt = await cpuMs(node.process.pid);
    }
    await sendSpread({ streams, frame, began }, delays);
  }
  const cpu = ((await cpuMs(node.process.pid)) - cpuAt) / (seconds * 1000);
  const perStreamKb = Math.round(((await residentKb(node.process.pid)) - idleKb) / count);
  await sleep(1000);
  const latencies = streams.flatMap((stream) => stream.latencies);
  for (const stream of streams) stream.close();
  return {
    streams: count,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: quantile(latencies, 1),
    frames: latencies.length,
    idleKb,
    perStreamKb,
    ingestCpu: Math.round(cpu * 100) / 100,
    rigDelayMs: quantile(delays, 0.99),
  };
}

/** One frame of every stream, spread over the frame's time in four batches as independent callers would be. */
async function sendSpread(
  { streams, frame, began }: { streams: readonly PacedStream[]; frame: number; began: number },
  delays: number[],
): Promise<void> {
  const batch = Math.ceil(streams.length / 4);
  for (let part = 0; part < 4; part += 1) {
    const due = began + (frame + part / 4) * FRAME_MS;
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    delays.push(Math.max(0, performance.now() - due));
    for (const stream of streams.slice(part * batch, (part + 1) * batch)) stream.send(frame);
  }
}

/** A Markdown table. */
export function latencyTable(rows: readonly LatencyRow[]): string {
  const head = [
    'streams',
    'durable ack p50',
    'p99',
    'max',
    'memory a stream',
    'ingest processor',
    'rig late p99',
  ];
  const lines = rows.map((row) => [
    String(row.streams),
    `${row.p50Ms} ms`,
    `${row.p99Ms} ms`,
    `${row.maxMs} ms`,
    `${row.perStreamKb} KB`,
    `${Math.round(row.ingestCpu * 100)} %`,
    `${row.rigDelayMs} ms`,
  ]);
  return [head, head.map(() => '---:'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

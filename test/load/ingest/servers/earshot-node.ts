import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '@earshot/test-support';
import { z } from 'zod';
import { type Api, apiOf } from '../../../faults/client/api.ts';
import { type Earshot, type EarshotOptions, startEarshot } from '../../../faults/processes/earshot.ts';
import { lateness } from './readings/loop-delay.ts';
import { maxMetric, sumMetric } from './readings/metrics.ts';
import { readRedisWork } from './readings/redis-work.ts';
import { openStorage, type StoreKind } from './storage.ts';
import type { StreamTarget } from './stream-target.ts';

/** A whole earshot with everything on, and what the benchmark asks of it. */
export interface EarshotNode extends StreamTarget {
  readonly earshot: Earshot;
  readonly origin: string;
  readonly api: Api;
  readonly authorization: Readonly<Record<string, string>>;
  /** Of all sessions so far. */
  storedSegments(): Promise<number>;
}

export interface EarshotNodeOptions {
  readonly store: StoreKind;
  /** Of ingest, behind its one port. */
  readonly processes?: number;
  readonly workers?: number;
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Nothing more comes when nothing came for so long. */
const REST_MS = 300;
const CREATE_MS = 60_000;
const CREATE_AT_ONCE = 8;

/** Journals sync before they acknowledge, as by default; nothing of the product is turned off or tuned. */
export async function startEarshotNode(options: EarshotNodeOptions): Promise<EarshotNode> {
  const { storage, stop: stopStorage } = await openStorage(options.store);
  const earshot = await startEarshot(earshotOptions(options, storage)).catch(async (error: unknown) => {
    await stopStorage();
    throw error;
  });
  const ports = earshot.ingest.map(({ port }) => port);
  const origin = `http://127.0.0.1:${ports[0] ?? 0}`;
  const api = apiOf(() => origin, earshot.key);
  const metrics = async (): Promise<string> => (await fetch(`${origin}/metrics`)).text();
  const primary = earshot.ingest[0]?.process.pid ?? 0;
  const pids = await processesOf(primary, { origin, processes: options.processes ?? 1 });
  return {
    name: 'earshot',
    earshot,
    origin,
    api,
    authorization: { authorization: `Bearer ${earshot.key}` },
    ports,
    pids,
    helpers: [earshot.redis.server.pid ?? 0],
    paths: (count) => createStreams(api, count),
    loopP99Ms: async () =>
      lateness(1000 * maxMetric(await metrics(), 'earshot_event_loop_delay_seconds', 'quantile="0.99"')),
    receivedBytes: async () => sumMetric(await metrics(), 'earshot_audio_bytes_total', 'source="websocket"'),
    storedSegments: async () => storedSegments(await metrics()),
    redisWork: () => readRedisWork(earshot.redis.url),
    rest: () => untilStill(async () => storedSegments(await metrics())),
    stop: async () => {
      // A profile is written only by a process that may leave by itself.
      if (options.nodeArgs?.length)
        await Promise.all(earshot.ingest.map(({ process }) => process.terminate()));
      await earshot.stop();
      await stopStorage();
    },
  };
}

function earshotOptions(
  { processes, workers, nodeArgs, env }: EarshotNodeOptions,
  storage: EarshotOptions['storage'],
): EarshotOptions {
  return {
    nodes: 1,
    workers: workers ?? 0,
    nodeArgs: nodeArgs ?? [],
    env: { EARSHOT_MAX_STREAMS: '20000', EARSHOT_INGEST_PROCESSES: String(processes ?? 1), ...env },
    ...(storage === undefined ? {} : { storage }),
  };
}

const storedSegments = (metrics: string): number => sumMetric(metrics, 'earshot_segments_stored_total');

const Processes = z.object({ processes: z.array(z.unknown()).optional() });

/** The process itself, and those that it starts when it is the primary of several, as soon as all of them serve. */
async function processesOf(pid: number, { origin, processes }: { origin: string; processes: number }) {
  if (processes === 1) return [pid];
  const serving = async (): Promise<boolean> => {
    const answer: unknown = await (await fetch(`${origin}/capacity`)).json();
    return Processes.parse(answer).processes?.length === processes;
  };
  await until(serving, { timeoutMs: 30_000, what: 'all ingest processes' });
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return [pid, ...children.trim().split(' ').map(Number)];
}

async function untilStill(read: () => Promise<number>): Promise<void> {
  for (let before = await read(); ; ) {
    await sleep(REST_MS);
    const now = await read();
    if (now === before) return;
    before = now;
  }
}

async function createStreams(api: Api, count: number): Promise<string[]> {
  const by = performance.now() + CREATE_MS;
  const paths: string[] = [];
  while (paths.length < count) {
    const some = Array.from({ length: Math.min(CREATE_AT_ONCE, count - paths.length) }, async () => {
      const { uploadUrl } = await api.create(() => by);
      return new URL(uploadUrl).pathname;
    });
    paths.push(...(await Promise.all(some)));
  }
  return paths;
}

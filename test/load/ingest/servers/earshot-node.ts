import { setTimeout as sleep } from 'node:timers/promises';
import { type Api, apiOf } from '../../../faults/client/api.ts';
import { type Earshot, type EarshotOptions, startEarshot } from '../../../faults/processes/earshot.ts';
import { lateness } from './loop-delay.ts';
import { readMetric, sumMetric } from './metrics.ts';
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
  const origins = ports.map((port) => `http://127.0.0.1:${port}`);
  const [origin = ''] = origins;
  const api = apiOf(() => origin, earshot.key);
  const metrics = (): Promise<string[]> =>
    Promise.all(origins.map(async (each) => (await fetch(`${each}/metrics`)).text()));
  return {
    name: 'earshot',
    earshot,
    origin,
    api,
    authorization: { authorization: `Bearer ${earshot.key}` },
    ports,
    pids: earshot.ingest.map(({ process }) => process.pid ?? 0),
    paths: (count) => createStreams(api, count),
    loopP99Ms: async () =>
      Math.max(
        ...(await metrics()).map((text) =>
          lateness(1000 * readMetric(text, 'earshot_event_loop_delay_seconds', 'quantile="0.99"')),
        ),
      ),
    receivedBytes: async () =>
      (await metrics())
        .map((text) => readMetric(text, 'earshot_audio_bytes_total', 'source="websocket"'))
        .reduce((total, bytes) => total + bytes, 0),
    storedSegments: async () => storedSegments(await metrics()),
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
    nodes: processes ?? 1,
    workers: workers ?? 0,
    nodeArgs: nodeArgs ?? [],
    env: { EARSHOT_MAX_STREAMS: '20000', ...env },
    ...(storage === undefined ? {} : { storage }),
  };
}

function storedSegments(metrics: readonly string[]): number {
  return metrics
    .map((text) => sumMetric(text, 'earshot_segments_stored_total'))
    .reduce((total, segments) => total + segments, 0);
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

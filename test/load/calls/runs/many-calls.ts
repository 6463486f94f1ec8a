import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLine } from '../client/calls-api.ts';
import { openMediaClient } from '../client/media-client.ts';
import { quantile } from '../report/statistics.ts';
import type { CallsService } from '../service/calls-service.ts';
import type { ServiceMetrics } from '../service/service-metrics.ts';
import { inGroups, placeCalls } from './open-calls.ts';

/** Calls with one listener each. */
export interface LoadPlan {
  readonly calls: number;
  readonly record: boolean;
  /** The calls are begun evenly over this time, so that their segments are not cut all at once. */
  readonly rampMs: number;
  readonly warmUpMs: number;
  readonly windows: number;
  readonly windowMs: number;
}

/** What happened in one window. */
export interface LoadWindow {
  readonly seconds: number;
  readonly peerTicks: number;
  readonly underruns: number;
  readonly skippedTicks: number;
  /** Ticks that listeners got, and those missing between them. */
  readonly listenerTicks: number;
  readonly missingTicks: number;
  /** From when the peer's 20 ms were due to when the listener had the message that ends with them, p99. */
  readonly toListenerP99Ms: number;
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
  /** Of one processor. */
  readonly cpuShare: number;
  /** Share of the time in which its main thread was ready and other programs had the processors. */
  readonly starvedShare: number;
  /** At the end of the window: all of it, and of that objects, and what belongs to them outside of the heap. */
  readonly residentKb: number;
  readonly heapKb: number;
  readonly externalKb: number;
  readonly loadAverage: number;
}

export interface LoadResult {
  readonly calls: number;
  /** Before any call, and when the windows began. */
  readonly idleKb: number;
  readonly startKb: number;
  readonly windows: readonly LoadWindow[];
  /** Listeners whose socket was closed before the end. */
  readonly closedListeners: number;
}

interface Reading {
  readonly atMs: number;
  readonly metrics: ServiceMetrics;
  readonly cpuMs: number;
  readonly starvedMs: number;
  readonly residentKb: number;
}

/** What all listeners together got since it was last asked. */
class ListenerTally {
  #ticks = 0;
  #missing = 0;
  #agesMs: number[] = [];

  readonly watch = {
    ticks: (ticks: readonly { readonly spokenMs: number }[], atMs: number) => {
      this.#ticks += ticks.length;
      const newest = ticks.at(-1);
      if (newest !== undefined) this.#agesMs.push(atMs - newest.spokenMs);
    },
    missing: (ticks: number) => {
      this.#missing += ticks;
    },
  };

  take(): Pick<LoadWindow, 'listenerTicks' | 'missingTicks' | 'toListenerP99Ms'> {
    const taken = {
      listenerTicks: this.#ticks,
      missingTicks: this.#missing,
      toListenerP99Ms: quantile(this.#agesMs, 0.99),
    };
    [this.#ticks, this.#missing, this.#agesMs] = [0, 0, []];
    return taken;
  }
}

/** Half of the listeners on each face: floats every 20 ms, and 16-bit audio in the frames of the service. */
export async function measureManyCalls(service: CallsService, plan: LoadPlan): Promise<LoadResult> {
  const idleKb = await service.residentKb();
  const api = await openLine(service.origin, { key: service.key, record: plan.record });
  const tally = new ListenerTally();
  const listened = await beginCalls(plan, async (index) => {
    const [callId = ''] = await placeCalls(api, 1);
    const isPilot = index % 2 === 0;
    const address = isPilot ? await api.pilotMedia(callId, 'listen') : api.wadialMedia(callId, 'listen');
    return { callId, listener: await openMediaClient(address, tally.watch) };
  });
  await sleep(plan.warmUpMs);
  let before = await read(service);
  const startKb = before.residentKb;
  tally.take();
  const windows: LoadWindow[] = [];
  for (let index = 0; index < plan.windows; index += 1) {
    await sleep(plan.windowMs);
    const heard = tally.take();
    const after = await read(service);
    windows.push({ ...between(before, after), ...heard });
    before = after;
  }
  const closedListeners = listened.filter(({ listener }) => !listener.isOpen).length;
  for (const { listener } of listened) listener.close();
  await inGroups(listened, ({ callId }) => api.end(callId));
  return { calls: plan.calls, idleKb, startKb, windows, closedListeners };
}

async function beginCalls<T>(
  { calls, rampMs }: LoadPlan,
  begin: (index: number) => Promise<T>,
): Promise<T[]> {
  const beganMs = performance.now();
  return Promise.all(
    Array.from({ length: calls }, async (_, index) => {
      await sleep(beganMs + (index * rampMs) / calls - performance.now());
      return begin(index);
    }),
  );
}

async function read(service: CallsService): Promise<Reading> {
  return {
    metrics: await service.metrics(),
    cpuMs: await service.cpuMs(),
    starvedMs: await service.starvedMs(),
    residentKb: await service.residentKb(),
    atMs: performance.now(),
  };
}

function between(
  before: Reading,
  after: Reading,
): Omit<LoadWindow, 'listenerTicks' | 'missingTicks' | 'toListenerP99Ms'> {
  const ms = after.atMs - before.atMs;
  return {
    seconds: ms / 1000,
    peerTicks: after.metrics.peerTicks - before.metrics.peerTicks,
    underruns: after.metrics.peerUnderruns - before.metrics.peerUnderruns,
    skippedTicks: after.metrics.skippedTicks - before.metrics.skippedTicks,
    loopDelayP99Ms: after.metrics.loopDelayP99Ms,
    loopDelayMaxMs: after.metrics.loopDelayMaxMs,
    cpuShare: (after.cpuMs - before.cpuMs) / ms,
    starvedShare: (after.starvedMs - before.starvedMs) / ms,
    residentKb: after.residentKb,
    heapKb: after.metrics.heapKb,
    externalKb: after.metrics.externalKb,
    loadAverage: loadavg()[0] ?? 0,
  };
}

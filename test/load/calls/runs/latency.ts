import { setTimeout as sleep } from 'node:timers/promises';
import { type CallsApi, openLine } from '../client/calls-api.ts';
import { type MediaAddress, openMediaClient } from '../client/media-client.ts';
import type { StampedTick } from '../client/stamps.ts';
import { Talkers } from '../client/talker.ts';
import { median, quantile } from '../report/statistics.ts';
import type { CallsService } from '../service/calls-service.ts';
import { inGroups, placeCalls } from './open-calls.ts';

/** What was said last has reached the peer and come back by then. */
const DRAIN_MS = 1000;

/** How latency is measured: one talking client on each of so many calls. */
export interface LatencyPlan {
  readonly name: string;
  readonly face: 'wadial' | 'pilot';
  readonly calls: number;
  readonly record: boolean;
  readonly warmUpMs: number;
  readonly windows: number;
  readonly windowMs: number;
}

/** Quantiles of one window, or the medians of those of several; ms. */
interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

/** What earshot adds, median of the windows, ms. */
export interface LatencyRow {
  readonly name: string;
  /** From when the peer's 20 ms were due to when the message that ends with them, or just holds them, was there. */
  readonly toApp: Quantiles;
  readonly toAppHeld: Quantiles;
  /** From the earliest time at which what the app sent could be played to when it was given to the peer. */
  readonly toPeer: Quantiles;
  /** Both, without the peer's own time: independent of whether two processes read the same clock. */
  readonly roundTrip: Quantiles;
  /** Ticks that came in the windows. */
  readonly ticks: number;
  /** All that was sent, and what of it never reached the peer and came back as a report. */
  readonly sent: number;
  readonly lost: number;
  /** What the generator itself was late by when it sent, p99. */
  readonly generatorLateMs: number;
  /** Share of the time in which the service's main thread was ready and other programs had the processors. */
  readonly starvedShare: number;
}

/** Collects what comes in one window. */
class LatencyWindow {
  readonly toApp: number[] = [];
  readonly toAppHeld: number[] = [];
  readonly toPeer: number[] = [];
  readonly roundTrip: number[] = [];

  /** One message: its last tick is as new as can be, the ones before it waited for it. */
  take(ticks: readonly StampedTick[], atMs: number): void {
    const newest = ticks.at(-1);
    if (newest === undefined) return;
    this.toApp.push(atMs - newest.spokenMs);
    for (const { spokenMs, heard } of ticks) {
      this.toAppHeld.push(atMs - spokenMs);
      for (const { stampMs, heardMs } of heard) {
        this.toPeer.push(heardMs - stampMs);
        this.roundTrip.push(atMs - stampMs - (newest.spokenMs - heardMs));
      }
    }
  }
}

/** Measures on calls of its own, which it ends. */
export async function measureLatency(service: CallsService, plan: LatencyPlan): Promise<LatencyRow> {
  const api = await openLine(service.origin, { key: service.key, record: plan.record });
  const calls = await placeCalls(api, plan.calls);
  let window = new LatencyWindow();
  let answered = 0;
  const watch = {
    ticks: (ticks: readonly StampedTick[], atMs: number) => {
      window.take(ticks, atMs);
      for (const { heard } of ticks) answered += heard.length;
    },
    missing: () => undefined,
  };
  const clients = await inGroups(calls, async (callId) =>
    openMediaClient(await talkAddress(api, plan.face, callId), watch),
  );
  const talkers = new Talkers(clients);
  const talking = talkers.run();
  await sleep(plan.warmUpMs);
  talkers.lateMs.length = 0;
  const windows: LatencyWindow[] = [];
  const starvedBefore = await service.starvedMs();
  for (let index = 0; index < plan.windows; index += 1) {
    window = new LatencyWindow();
    windows.push(window);
    await sleep(plan.windowMs);
  }
  const generatorLateMs = quantile(talkers.lateMs, 0.99);
  const starvedMs = (await service.starvedMs()) - starvedBefore;
  window = new LatencyWindow();
  talkers.stop();
  await talking;
  await sleep(DRAIN_MS);
  for (const client of clients) client.close();
  await inGroups(calls, (callId) => api.end(callId));
  return {
    name: plan.name,
    ...summary(windows),
    sent: talkers.sent,
    lost: talkers.sent - answered,
    generatorLateMs,
    starvedShare: starvedMs / (plan.windows * plan.windowMs),
  };
}

function talkAddress(api: CallsApi, face: LatencyPlan['face'], callId: string): Promise<MediaAddress> {
  return face === 'pilot' ? api.pilotMedia(callId, 'talk') : Promise.resolve(api.wadialMedia(callId, 'talk'));
}

type Summary = Pick<LatencyRow, 'toApp' | 'toAppHeld' | 'toPeer' | 'roundTrip' | 'ticks'>;

function summary(windows: readonly LatencyWindow[]): Summary {
  const medians = (of: (window: LatencyWindow) => readonly number[]): Quantiles => ({
    p50: median(windows.map((window) => quantile(of(window), 0.5))),
    p99: median(windows.map((window) => quantile(of(window), 0.99))),
  });
  return {
    toApp: medians((window) => window.toApp),
    toAppHeld: medians((window) => window.toAppHeld),
    toPeer: medians((window) => window.toPeer),
    roundTrip: medians((window) => window.roundTrip),
    ticks: windows.reduce((sum, window) => sum + window.toAppHeld.length, 0),
  };
}

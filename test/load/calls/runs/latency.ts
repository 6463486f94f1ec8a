import { setTimeout as sleep } from 'node:timers/promises';
import { type CallsApi, openLine } from '../client/calls-api.ts';
import { type MediaAddress, openMediaClient } from '../client/media-client.ts';
import type { StampedTick } from '../client/stamps.ts';
import { Talkers } from '../client/talker.ts';
import { median, quantile } from '../report/statistics.ts';
import type { CallsService } from '../service/calls-service.ts';
import { inGroups, placeCalls } from './open-calls.ts';

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
export interface Quantiles {
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
  /** Ticks in the windows, and stamps that came back, of all that were sent. */
  readonly ticks: number;
  readonly answered: number;
  readonly sent: number;
  /** What the generator itself was late by when it sent, p99. */
  readonly generatorLateMs: number;
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
  const watch = {
    ticks: (ticks: readonly StampedTick[], atMs: number) => window.take(ticks, atMs),
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
  for (let index = 0; index < plan.windows; index += 1) {
    window = new LatencyWindow();
    windows.push(window);
    await sleep(plan.windowMs);
  }
  const { lateMs } = talkers;
  const sent = lateMs.length;
  window = new LatencyWindow();
  talkers.stop();
  await talking;
  for (const client of clients) client.close();
  await inGroups(calls, (callId) => api.end(callId));
  return { name: plan.name, ...summary(windows), sent, generatorLateMs: quantile(lateMs, 0.99) };
}

function talkAddress(api: CallsApi, face: LatencyPlan['face'], callId: string): Promise<MediaAddress> {
  return face === 'pilot' ? api.pilotMedia(callId, 'talk') : Promise.resolve(api.wadialMedia(callId, 'talk'));
}

function summary(windows: readonly LatencyWindow[]): Omit<LatencyRow, 'name' | 'sent' | 'generatorLateMs'> {
  const medians = (of: (window: LatencyWindow) => readonly number[]): Quantiles => ({
    p50: median(windows.map((window) => quantile(of(window), 0.5))),
    p99: median(windows.map((window) => quantile(of(window), 0.99))),
  });
  const count = (of: (window: LatencyWindow) => readonly number[]): number =>
    windows.reduce((sum, window) => sum + of(window).length, 0);
  return {
    toApp: medians((window) => window.toApp),
    toAppHeld: medians((window) => window.toAppHeld),
    toPeer: medians((window) => window.toPeer),
    roundTrip: medians((window) => window.roundTrip),
    ticks: count((window) => window.toAppHeld),
    answered: count((window) => window.roundTrip),
  };
}

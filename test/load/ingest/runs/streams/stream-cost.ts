import { loadavg } from 'node:os';
import { quantile } from '../../../calls/report/statistics.ts';
import type { Fleet, FleetGroup } from '../../generator/fleet.ts';
import type { WireName } from '../../generator/wire.ts';
import { startBareSink } from '../../servers/bare-sink.ts';
import { startEarshotNode } from '../../servers/earshot-node.ts';
import type { RedisWork } from '../../servers/readings/redis-work.ts';
import type { StoreKind } from '../../servers/storage.ts';
import { type StreamTarget, usageOf } from '../../servers/stream-target.ts';
import { countLosses, type Losses } from './settle.ts';

/** How the cost of live streams is measured. */
export interface CostPlan {
  readonly wire: WireName;
  readonly streams: number;
  readonly windows: number;
  readonly windowMs: number;
}

/** One server in one window. */
export interface CostWindow {
  /** Processor time per second of one stream, microseconds. */
  readonly cpuUs: number;
  readonly loopP99Ms: number;
  /** By how much frames left the generator late, p99. */
  readonly generatorLateMs: number;
  /** Share of the time in which the server was ready and other programs had the processors. */
  readonly starvedShare: number;
  /** From sending to durable ack, ms; none where the wire has no acks. */
  readonly latencies: readonly number[];
  readonly loadAverage: number;
  /** What Redis did for a minute of one stream; undefined for a server without one. */
  readonly redis: RedisWork | undefined;
}

/** Both servers, window by window, and what got lost over all. */
export interface CostResult {
  readonly wire: WireName;
  readonly streams: number;
  readonly bare: readonly CostWindow[];
  readonly earshot: readonly CostWindow[];
  readonly bareLosses: Losses;
  readonly earshotLosses: Losses;
}

/** More than the longest time between two cuts of this audio, so that streams are cut evenly over time. */
export const OUT_OF_STEP_SECONDS = 13;

/** The servers that are measured side by side, for all wires. */
export interface CostServers {
  readonly bare: StreamTarget;
  readonly earshot: StreamTarget;
  stop(): Promise<void>;
}

export async function startCostServers(plan: {
  readonly store: StoreKind;
  readonly nodeArgs: readonly string[];
}): Promise<CostServers> {
  const bare = await startBareSink();
  const earshot = await startEarshotNode(plan).catch(async (error: unknown) => {
    await bare.stop();
    throw error;
  });
  const stop = async (): Promise<void> => {
    await earshot.stop();
    await bare.stop();
  };
  return { bare, earshot, stop };
}

/** Runs the same streams on both servers in turn; each pauses while the other is measured. */
export async function measureCost(
  fleet: Fleet,
  { bare, earshot }: CostServers,
  plan: CostPlan,
): Promise<CostResult> {
  const bareBefore = await bare.receivedBytes();
  const earshotBefore = await earshot.receivedBytes();
  const bareGroup = fleet.group(plan.wire, bare);
  const earshotGroup = fleet.group(plan.wire, earshot);
  for (const group of [bareGroup, earshotGroup]) {
    await group.open(plan.streams, OUT_OF_STEP_SECONDS);
    await group.target.rest();
    // As long as a window, which counts no more than what the process still compiles.
    await group.run(plan.windowMs);
  }
  const windows = { bare: [] as CostWindow[], earshot: [] as CostWindow[] };
  for (let index = 0; index < plan.windows; index += 1) {
    const order = index % 2 === 0 ? [bareGroup, earshotGroup] : [earshotGroup, bareGroup];
    for (const group of order) windows[group.target.name].push(await measureWindow(group, plan));
  }
  const acked = plan.wire !== 'twilio_20ms';
  const result = {
    wire: plan.wire,
    streams: plan.streams,
    ...windows,
    bareLosses: await countLosses(bareGroup, { receivedBefore: bareBefore, acked: false }),
    earshotLosses: await countLosses(earshotGroup, { receivedBefore: earshotBefore, acked }),
  };
  await bareGroup.close();
  await earshotGroup.close();
  // The tails of its streams are no work of the next ones.
  await earshot.rest();
  return result;
}

async function measureWindow(group: FleetGroup, plan: CostPlan): Promise<CostWindow> {
  const { target } = group;
  await target.loopP99Ms();
  const asked = await target.redisWork();
  const before = await usageOf(target.pids);
  const began = performance.now();
  const { frames, lateMs, latencies } = await group.run(plan.windowMs);
  const after = await usageOf(target.pids);
  const worked = await target.redisWork();
  const elapsedMs = performance.now() - began;
  const streamSeconds = (frames * frameMs(plan.wire)) / 1000;
  return {
    cpuUs: (1000 * (after.cpuMs - before.cpuMs)) / streamSeconds,
    loopP99Ms: await target.loopP99Ms(),
    generatorLateMs: quantile(lateMs, 0.99),
    starvedShare: (after.starvedMs - before.starvedMs) / elapsedMs,
    latencies,
    loadAverage: loadavg()[0] ?? 0,
    redis: perMinute(asked, worked, streamSeconds / 60),
  };
}

/** Less the question itself: one command, and two reads, since the end of its connection is read too. */
function perMinute(
  before: RedisWork | undefined,
  after: RedisWork | undefined,
  streamMinutes: number,
): RedisWork | undefined {
  if (before === undefined || after === undefined) return undefined;
  return {
    commands: (after.commands - before.commands - 1) / streamMinutes,
    reads: (after.reads - before.reads - 2) / streamMinutes,
    cpuMs: (after.cpuMs - before.cpuMs) / streamMinutes,
  };
}

function frameMs(wire: WireName): number {
  return wire === 'pcm16_100ms' ? 100 : 20;
}

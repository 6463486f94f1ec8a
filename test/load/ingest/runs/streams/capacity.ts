import { quantile } from '../../../calls/report/statistics.ts';
import type { Fleet, FleetGroup } from '../../generator/fleet.ts';
import { isRefusal } from '../../generator/stream.ts';
import { type StreamTarget, usageOf } from '../../servers/stream-target.ts';
import { countLosses } from './settle.ts';
import { OUT_OF_STEP_SECONDS } from './stream-cost.ts';

/** How the number of streams that a server carries is searched. */
export interface CapacityPlan {
  /** The first step; what its streams cost tells how far the next one may go. */
  readonly from: number;
  readonly factor: number;
  readonly holdMs: number;
  /** Share of a processor that the server has. */
  readonly share: number;
}

/** A number of streams that was tried. */
interface CapacityStep {
  readonly streams: number;
  readonly loopP99Ms: number;
  readonly generatorLateMs: number;
  readonly processors: number;
  readonly starvedShare: number;
  readonly droppedFrames: number;
  readonly carried: boolean;
}

export interface CapacityResult {
  readonly server: 'bare' | 'earshot';
  readonly steps: readonly CapacityStep[];
  /** The most that was carried. */
  readonly streams: number;
  /** What ended the search. */
  readonly limit: 'server' | 'machine' | 'search';
  /** So many streams the server itself did not take. */
  readonly refused?: number;
}

const LOOP_GOAL_MS = 50;
const GENERATOR_LATE_MS = 20;
/** A server that fails while it uses less of its share was not at its own limit: others had the processors. */
const BUSY = 0.8;
/** How much of what a step foretells is taken for granted. */
const FORETOLD = 0.6;
/** Streams that are fed at the same time: a server that is given half a minute's work at once is late for longer than that. */
const PORTION = 100;
const MOST = 12_000;
const WARM_UP_MS = 1000;
/** A server that takes a portion in a second or two otherwise and now has turned some away for so long is full, ms. */
const FULL_MS = 6000;

/** Adds streams of 20 ms frames until the server does not keep up, or the generator does not. */
export async function measureCapacity(
  fleet: Fleet,
  target: StreamTarget,
  plan: CapacityPlan,
): Promise<CapacityResult> {
  const group = fleet.group('pcm16_20ms', target);
  const steps: CapacityStep[] = [];
  const result = (limit: CapacityResult['limit']): CapacityResult => ({
    server: target.name,
    steps,
    streams: Math.max(0, ...steps.filter(({ carried }) => carried).map(({ streams }) => streams)),
    limit,
  });
  let open = 0;
  try {
    for (let streams = plan.from; streams <= MOST; streams = nextStep(steps, plan)) {
      for (; open < streams; open += Math.min(PORTION, streams - open)) {
        const isTaken = await taken(group, Math.min(PORTION, streams - open));
        // The first ones wait for a program that was just started.
        if (!isTaken && steps.length > 0) {
          return { ...result('server'), refused: streams };
        }
      }
      await group.run(WARM_UP_MS);
      let step = await hold(group, streams, plan.holdMs);
      // What another program did in one moment is not the server's limit.
      if (!step.carried) step = await hold(group, streams, plan.holdMs);
      steps.push(step);
      if (!step.carried) return result(step.processors < BUSY * plan.share ? 'machine' : 'server');
    }
    return result('search');
  } finally {
    await group.close();
  }
}

/** False when the server says, again and again, that it has no room for some of them. */
async function taken(group: FleetGroup, count: number): Promise<boolean> {
  const began = performance.now();
  try {
    await group.open(count, group.target.name === 'earshot' ? OUT_OF_STEP_SECONDS : 0);
    const isFull = performance.now() - began > FULL_MS;
    await group.target.rest();
    return !isFull;
  } catch (error) {
    if (error instanceof Error && isRefusal(error)) return false;
    throw error;
  }
}

/** By jumps to where it gets close, then step by step. */
function nextStep(steps: readonly CapacityStep[], { factor, share }: CapacityPlan): number {
  const { streams, processors } = steps.at(-1) ?? { streams: 1, processors: share };
  return Math.round(Math.max(streams * factor, (FORETOLD * share * streams) / processors));
}

async function hold(group: FleetGroup, streams: number, ms: number): Promise<CapacityStep> {
  const { target } = group;
  await target.loopP99Ms();
  const before = await usageOf(target.pids);
  const began = performance.now();
  const { lateMs } = await group.run(ms);
  const elapsedMs = performance.now() - began;
  const after = await usageOf(target.pids);
  const loopP99Ms = await target.loopP99Ms();
  const acked = target.name === 'earshot';
  const losses = await countLosses(group, { receivedBefore: 0, acked });
  const droppedFrames = losses.droppedFrames + (losses.unackedFrames ?? 0);
  const generatorLateMs = quantile(lateMs, 0.99);
  const kept = loopP99Ms < LOOP_GOAL_MS && droppedFrames === 0 && losses.closedStreams === 0;
  return {
    streams,
    loopP99Ms,
    generatorLateMs,
    processors: (after.cpuMs - before.cpuMs) / elapsedMs,
    starvedShare: (after.starvedMs - before.starvedMs) / elapsedMs,
    droppedFrames,
    carried: kept && generatorLateMs < GENERATOR_LATE_MS,
  };
}

import { z } from 'zod';
import type { Fleet, FleetGroup } from '../../generator/fleet.ts';
import { type EarshotNode, startEarshotNode } from '../../servers/earshot-node.ts';
import { usageOf } from '../../servers/stream-target.ts';
import { OUT_OF_STEP_SECONDS } from './stream-cost.ts';

/** Processor time per second of one stream, microseconds, window by window. */
export interface TwoProcessesResult {
  readonly one: readonly number[];
  readonly two: readonly number[];
  /** Streams on each of the two. */
  readonly shares: readonly number[];
}

interface Side {
  readonly node: EarshotNode;
  readonly group: FleetGroup;
  readonly costs: number[];
}

const WARM_UP_MS = 1000;
const FRAME_SECONDS = 0.02;
const Shares = z.object({ processes: z.array(z.object({ live: z.int() })).default([]) });

/**
 * As many streams for each process on a service of one and on a service of two. Both are fed at the same time: a busy
 * machine wakes servers later, which makes them handle more frames at once and so cheaper, and must do that to both alike.
 */
export async function measureTwoProcesses(
  fleet: Fleet,
  plan: { readonly each: number; readonly windows: number; readonly windowMs: number },
): Promise<TwoProcessesResult> {
  const sides: Side[] = [];
  try {
    for (const processes of [1, 2]) {
      const node = await startEarshotNode({ store: 'folder', processes });
      const side = { node, group: fleet.group('pcm16_20ms', node), costs: [] };
      sides.push(side);
      await side.group.open(plan.each * processes, OUT_OF_STEP_SECONDS);
      await node.rest();
      await side.group.run(WARM_UP_MS);
    }
    for (let window = 0; window < plan.windows; window += 1) {
      const costs = await Promise.all(sides.map((side) => costOf(side, plan.windowMs)));
      for (const [index, cost] of costs.entries()) sides[index]?.costs.push(cost);
    }
    const [one, two] = sides;
    const answer: unknown = await (await fetch(`${two?.node.origin ?? ''}/capacity`)).json();
    const shares = Shares.parse(answer).processes.map(({ live }) => live);
    for (const { group } of sides) await group.close();
    return { one: one?.costs ?? [], two: two?.costs ?? [], shares };
  } finally {
    for (const { node } of sides) await node.stop();
  }
}

async function costOf({ node, group }: Side, windowMs: number): Promise<number> {
  const before = await usageOf(node.pids);
  const { frames } = await group.run(windowMs);
  const after = await usageOf(node.pids);
  return (1000 * (after.cpuMs - before.cpuMs)) / (frames * FRAME_SECONDS);
}

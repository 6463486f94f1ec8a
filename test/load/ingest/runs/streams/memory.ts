import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../../../calls/report/statistics.ts';
import type { Fleet } from '../../generator/fleet.ts';
import { type StreamTarget, usageOf } from '../../servers/stream-target.ts';
import { OUT_OF_STEP_SECONDS } from './stream-cost.ts';

/** Resident memory at several numbers of live streams, and what one more adds. */
export interface MemoryResult {
  readonly server: 'bare' | 'earshot';
  readonly points: readonly { readonly streams: number; readonly residentKb: number }[];
  /** Slope of the line through the points, kB. */
  readonly perStreamKb: number;
}

const SAMPLES = 5;

/** Streams are live and out of step while memory is read. The first level warms the process up and counts no less. */
export async function measureMemory(
  fleet: Fleet,
  target: StreamTarget,
  { streams, levels, holdMs }: { readonly streams: number; readonly levels: number; readonly holdMs: number },
): Promise<MemoryResult> {
  const group = fleet.group('pcm16_20ms', target);
  const points: { streams: number; residentKb: number }[] = [];
  const step = Math.ceil(streams / levels);
  for (let level = 1; level <= levels; level += 1) {
    await group.open(step, OUT_OF_STEP_SECONDS);
    await target.rest();
    const running = group.run(holdMs);
    const samples: number[] = [];
    await sleep(holdMs / 2);
    for (let index = 0; index < SAMPLES; index += 1) {
      samples.push((await usageOf(target.pids)).residentKb);
      await sleep(holdMs / 2 / (SAMPLES + 1));
    }
    await running;
    points.push({ streams: level * step, residentKb: median(samples) });
  }
  await group.close();
  return { server: target.name, points, perStreamKb: slope(points) };
}

/** By least squares. */
function slope(points: MemoryResult['points']): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((total, value) => total + value, 0) / values.length;
  const x = mean(points.map(({ streams }) => streams));
  const y = mean(points.map(({ residentKb }) => residentKb));
  const products = points.map(({ streams, residentKb }) => (streams - x) * (residentKb - y));
  const squares = points.map(({ streams }) => (streams - x) ** 2);
  return mean(products) / mean(squares);
}

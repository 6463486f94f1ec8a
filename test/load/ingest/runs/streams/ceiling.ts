import { quantile } from '../../../calls/report/statistics.ts';
import type { Fleet } from '../../generator/fleet.ts';
import { startBareSink } from '../../servers/bare-sink.ts';

/** What the generator can do by itself, against a server that throws everything away. */
export interface Ceiling {
  readonly processes: number;
  /** Frames that went out back to back, per second, and how many real-time streams of 20 ms frames that would be. */
  readonly floodPerSecond: number;
  readonly floodStreams: number;
  /** Real-time streams that were tried, and by how much their frames left late, p50 and p99, ms. */
  readonly pacedStreams: number;
  readonly pacedLateP50Ms: number;
  readonly pacedLateP99Ms: number;
  /** Processor time of the generator per frame at that pace, microseconds, and how many streams fill a processor so. */
  readonly cpuUsPerFrame: number;
  readonly pacedCeiling: number;
}

const FLOOD_STREAMS = 100;
const FLOOD_MS = 1500;

/** Floods, then paces as many streams as are measured afterwards. */
export async function measureCeiling(
  fleet: Fleet,
  { streams, ms }: { readonly streams: number; readonly ms: number },
): Promise<Ceiling> {
  const sink = await startBareSink(fleet.processes);
  try {
    const flood = fleet.group('pcm16_20ms', sink);
    await flood.open(FLOOD_STREAMS, 0);
    await flood.flood(200);
    const flooded = await flood.flood(FLOOD_MS);
    await flood.close();
    const paced = fleet.group('pcm16_20ms', sink);
    await paced.open(streams, 0);
    const { cpuMs: before } = await paced.run(500);
    const { frames, lateMs, cpuMs } = await paced.run(ms);
    await paced.close();
    const floodPerSecond = (1000 * flooded.frames) / FLOOD_MS;
    const cpuUsPerFrame = (1000 * (cpuMs - before)) / frames;
    return {
      processes: fleet.processes,
      floodPerSecond,
      floodStreams: floodPerSecond / 50,
      pacedStreams: streams,
      pacedLateP50Ms: quantile(lateMs, 0.5),
      pacedLateP99Ms: quantile(lateMs, 0.99),
      cpuUsPerFrame,
      pacedCeiling: (fleet.processes * 1e6) / (cpuUsPerFrame * 50),
    };
  } finally {
    await sink.stop();
  }
}

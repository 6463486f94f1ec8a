import { totalmem } from 'node:os';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { ProcessLoad } from './capacity.ts';

/** Watches this process. */
export interface ProcessMeter {
  read(): ProcessLoad;
  close(): void;
}

/** A figure speaks for this long, ms. */
const WINDOW_MS = 5000;
const NANOSECONDS = 1e6;

/** `processes`: those like this one that share the machine's memory, this one included. */
export function createProcessMeter(processes = 1): ProcessMeter {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let since = performance.now();
  let before = performance.eventLoopUtilization();
  let loop = { eventLoopMs: 0, utilization: 0 };
  return {
    read() {
      if (performance.now() - since >= WINDOW_MS && delay.count > 0) {
        const now = performance.eventLoopUtilization();
        const { utilization } = performance.eventLoopUtilization(now, before);
        loop = { eventLoopMs: delay.percentile(50) / NANOSECONDS, utilization };
        delay.reset();
        before = now;
        since = performance.now();
      }
      return { ...loop, memoryShare: memoryShare(processes) };
    },
    close: () => void delay.disable(),
  };
}

/** Of the heap's own limit, or of what the machine or the container has, whichever is fuller. */
function memoryShare(processes: number): number {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  // A container without a limit is told one beyond all memory, or none.
  const told = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  const resident = process.memoryUsage.rss() * processes;
  return Math.max(used / limit, resident / Math.min(told, totalmem()));
}

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

export function createProcessMeter(): ProcessMeter {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let since = performance.now();
  let eventLoopMs = 0;
  return {
    read() {
      if (performance.now() - since >= WINDOW_MS && delay.count > 0) {
        eventLoopMs = delay.percentile(50) / NANOSECONDS;
        delay.reset();
        since = performance.now();
      }
      const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
      return { eventLoopMs, heapShare: used / limit };
    },
    close: () => void delay.disable(),
  };
}

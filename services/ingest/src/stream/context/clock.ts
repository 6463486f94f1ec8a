import type { StreamClock } from './ports.ts';

/** The machine's clocks. */
export const systemClock: StreamClock = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
};

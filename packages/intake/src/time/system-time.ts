import type { IntakeTime } from '../ports.ts';

/** The machine's clocks and timers. */
export const systemTime: IntakeTime = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

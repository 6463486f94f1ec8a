import type { IntakeTime } from '../ports.ts';

/** The machine's clocks and timers. */
export const systemTime: IntakeTime = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  // The first comes before the sockets are looked at again, the second behind that.
  afterOthers: (run) => void setImmediate(() => setImmediate(run)),
  random: () => Math.random(),
};

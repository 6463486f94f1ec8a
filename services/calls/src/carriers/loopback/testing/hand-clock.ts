import type { LoopbackTime } from '../peer-clock.ts';

/** Time that moves only by hand. */
export interface HandClock extends LoopbackTime {
  /** Lets time pass in steps; timers run when they are due, at the end of the step. */
  pass(ms: number, stepMs?: number): void;
  readonly timers: number;
}

export function createHandClock(): HandClock {
  let now = 1000.5;
  const due = new Map<() => void, number>();
  return {
    now: () => now,
    after: (ms, run) => {
      const wake = () => run();
      due.set(wake, now + ms);
      return () => due.delete(wake);
    },
    pass: (ms, stepMs = 1) => {
      const end = now + ms;
      while (now < end) {
        now = Math.min(end, now + stepMs);
        for (const [wake, at] of [...due].sort((a, b) => a[1] - b[1])) {
          if (at > now) break;
          due.delete(wake);
          wake();
        }
      }
    },
    get timers() {
      return due.size;
    },
  };
}

import type { IntakeTime } from '@earshot/intake';
import type { Random } from '../../runner/random.ts';
import type { Life, Scheduler } from './scheduler.ts';

/** The wall clock of a machine: it may be wrong, and be put right with a jump. */
export class WallClock {
  /** What it is ahead of the truth, ms. */
  skewMs = 0;
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  now(): Date {
    return new Date(WALL_START_MS + Math.floor(this.#scheduler.nowMs) + this.skewMs);
  }
}

const WALL_START_MS = Date.UTC(2026, 0, 5, 8);

/** The clocks, timers and chance of one process; also what a journal and a disk need of time. */
export function simulatedTime(
  scheduler: Scheduler,
  life: Life,
  from: { readonly clock: WallClock; readonly random: Random },
): IntakeTime {
  return {
    now: () => from.clock.now(),
    elapsedMs: () => scheduler.nowMs,
    after: (ms, run) => scheduler.after(ms, `${life.name} timer`, run, life),
    random: () => from.random.next(),
  };
}

import { LIMITS } from '@earshot/protocol';

/** Ticks that are made up for at once: 200 ms, which a peer's own buffer takes. */
const MOST_AT_ONCE = 10;

/** Turns readings of a monotonic clock into ticks of LIMITS.callTickMs. */
export interface TickCounter {
  /** Ticks that have come since the last call, at most 10; those beyond are skipped for good. */
  due(nowMs: number): number;
  /** When the next tick comes. */
  readonly nextAtMs: number;
  /** Ticks that nobody ran, because the process stood still. */
  readonly skipped: number;
}

class SteadyCounter implements TickCounter {
  readonly #startMs: number;
  #counted = 0;
  #skipped = 0;

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  get nextAtMs(): number {
    return this.#startMs + (this.#counted + 1) * LIMITS.callTickMs;
  }

  get skipped(): number {
    return this.#skipped;
  }

  due(nowMs: number): number {
    const passed = Math.floor((nowMs - this.#startMs) / LIMITS.callTickMs) - this.#counted;
    // At `nextAtMs` itself a tick is due, whatever the division makes of fractions.
    const come = passed === 0 && nowMs >= this.nextAtMs ? 1 : passed;
    if (come <= 0) return 0;
    this.#counted += come;
    const due = Math.min(come, MOST_AT_ONCE);
    this.#skipped += come - due;
    return due;
  }
}

/** Counts ticks from `startMs` on; the first one is due a whole tick after it. No rounding adds up over a call. */
export function createTickCounter(startMs: number): TickCounter {
  return new SteadyCounter(startMs);
}

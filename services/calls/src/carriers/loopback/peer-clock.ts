import { createTickCounter, type TickCounter } from '@earshot/calls';
import { LIMITS } from '@earshot/protocol';

/** Monotonic time, ms, and a way to be woken once; the answer of `after` cancels it. */
export interface LoopbackTime {
  now(): number;
  after(ms: number, run: () => void): () => void;
}

/** The monotonic clock of the machine, which other processes on it read alike. */
export const SYSTEM_TIME: LoopbackTime = {
  now: () => Number(process.hrtime.bigint()) / 1e6,
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** One timer for all peers. It runs only while there are any, and never drifts against the monotonic clock. */
export class PeerClock {
  readonly #time: LoopbackTime;
  readonly #members = new Set<(dueMs: number) => void>();
  #counter: TickCounter;
  #running = false;
  #cancel: (() => void) | undefined;

  constructor(time: LoopbackTime) {
    this.#time = time;
    this.#counter = createTickCounter(time.now());
  }

  /** Calls `tick` every 20 ms from now on, with the time it was due; the answer ends that. `tick` must not throw. */
  join(tick: (dueMs: number) => void): () => void {
    if (this.#members.size === 0 && !this.#running) this.#counter = createTickCounter(this.#time.now());
    this.#members.add(tick);
    this.#settle();
    return () => {
      this.#members.delete(tick);
      this.#settle();
    };
  }

  /** A timer waits exactly while there is somebody to call. */
  #settle(): void {
    if (this.#running) return;
    if (this.#members.size === 0) {
      this.#cancel?.();
      this.#cancel = undefined;
    } else if (this.#cancel === undefined) {
      const ms = Math.max(0, Math.ceil(this.#counter.nextAtMs - this.#time.now()));
      this.#cancel = this.#time.after(ms, () => this.#run());
    }
  }

  #run(): void {
    this.#running = true;
    for (let due = this.#counter.due(this.#time.now()); due > 0; due--) {
      const dueMs = this.#counter.nextAtMs - due * LIMITS.callTickMs;
      for (const tick of this.#members) tick(dueMs);
    }
    this.#running = false;
    this.#cancel = undefined;
    this.#settle();
  }
}

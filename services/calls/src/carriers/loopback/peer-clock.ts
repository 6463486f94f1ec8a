import { LIMITS } from '@earshot/protocol';

/** Monotonic time, ms, and a way to be woken once; the answer of `after` cancels it. */
export interface LoopbackTime {
  now(): number;
  after(ms: number, run: () => void): () => void;
}

export const SYSTEM_TIME: LoopbackTime = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** After a standstill of the process this many ticks are made up for; the rest never were. */
const MOST_LATE_TICKS = 50;

/** One timer for all peers. It runs only while there are any, and never drifts against the monotonic clock. */
export class PeerClock {
  readonly #time: LoopbackTime;
  readonly #members = new Set<(atMs: number) => void>();
  #nextMs = 0;
  #running = false;
  #cancel: (() => void) | undefined;

  constructor(time: LoopbackTime) {
    this.#time = time;
  }

  /** Calls `tick` every 20 ms from now on; the answer ends that. `tick` must not throw. */
  join(tick: (atMs: number) => void): () => void {
    if (this.#members.size === 0 && !this.#running) this.#nextMs = this.#time.now() + LIMITS.callTickMs;
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
      const ms = Math.max(0, Math.ceil(this.#nextMs - this.#time.now()));
      this.#cancel = this.#time.after(ms, () => this.#run());
    }
  }

  #run(): void {
    this.#running = true;
    const now = this.#time.now();
    for (let made = 0; made < MOST_LATE_TICKS && this.#nextMs <= now; made++) {
      const atMs = this.#nextMs;
      this.#nextMs += LIMITS.callTickMs;
      for (const tick of this.#members) tick(atMs);
    }
    if (this.#nextMs <= now) this.#nextMs = now + LIMITS.callTickMs;
    this.#running = false;
    this.#cancel = undefined;
    this.#settle();
  }
}

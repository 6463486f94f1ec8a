import type { IntakeTime } from '../ports.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5000;

/** Ends waiting for good: what runs under it is told once. */
export class Stop {
  readonly #listeners = new Set<() => void>();
  #stopped = false;

  get stopped(): boolean {
    return this.#stopped;
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const listener of [...this.#listeners]) listener();
    this.#listeners.clear();
  }

  /** Calls once when stopped, at once if it was already; the answer takes the wish back. */
  onStop(listener: () => void): () => void {
    if (this.#stopped) {
      listener();
      return () => undefined;
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

type Timers = Pick<IntakeTime, 'after' | 'random'>;

/** Resolves after `ms`, or at once when stopped. */
export function pause(time: Timers, ms: number, stop: Stop): Promise<void> {
  return new Promise((resolve) => {
    let forget: () => void = () => undefined;
    const cancel = time.after(ms, () => {
      forget();
      resolve();
    });
    forget = stop.onStop(() => {
      cancel();
      resolve();
    });
  });
}

/** Waits before attempt `attempt` (from 1): doubling, capped, half of it random so that nodes do not march in step. */
export async function backOff(time: Timers, attempt: number, stop: Stop): Promise<void> {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 10));
  await pause(time, ceiling / 2 + (time.random() * ceiling) / 2, stop);
}

/** Tries as often as it takes, with growing pauses. False when it was stopped before it worked. */
export async function untilDone(
  time: Timers,
  stop: Stop,
  { work, failed }: { work: () => Promise<unknown>; failed: (error: unknown, attempt: number) => void },
): Promise<boolean> {
  for (let attempt = 1; !stop.stopped; attempt += 1) {
    try {
      await work();
      return true;
    } catch (error) {
      if (worthLogging(attempt)) failed(error, attempt);
      await backOff(time, attempt, stop);
    }
  }
  return false;
}

/** True at the 1st, 2nd, 4th, 8th … failure: an outage of hours fills no log. */
export function worthLogging(attempt: number): boolean {
  return (attempt & (attempt - 1)) === 0;
}

/** What `work` comes to, or `late` after `ms`. */
export function within<T, L>(
  time: Timers,
  ms: number,
  { work, late }: { work: Promise<T>; late: L },
): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const cancel = time.after(ms, () => resolve(late));
    work.then(resolve, reject).finally(cancel);
  });
}

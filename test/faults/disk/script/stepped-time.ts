import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JournalTime } from '@earshot/journal';

/** Turns of the event loop after which something that did not settle never will. */
const PATIENCE_TURNS = 5_000;

/** Time that passes only when somebody waits, and then at once: timers run in order, without real waiting. */
export class SteppedTime implements JournalTime {
  #now = 0;
  #timers: { at: number; run: () => void }[] = [];

  elapsedMs(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Runs the next timer, if there is one. */
  step(): void {
    const [first, ...rest] = this.#timers.toSorted((a, b) => a.at - b.at);
    if (first === undefined) return;
    this.#timers = rest;
    this.#now = Math.max(this.#now, first.at);
    first.run();
  }

  /** Lets time pass until a promise settles; rejects with `NeverSettled` when it does not. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    const settled = new AbortController();
    const done = (): void => settled.abort();
    promise.then(done, done);
    for (let turn = 0; !settled.signal.aborted; turn += 1) {
      if (turn > PATIENCE_TURNS) throw new NeverSettled();
      await nextTurn();
      this.step();
    }
    return promise;
  }

  /** Lets some turns of the event loop and their timers pass. */
  async pass(turns: number): Promise<void> {
    for (let turn = 0; turn < turns; turn += 1) {
      await nextTurn();
      this.step();
    }
  }
}

/** Something that had to settle did not, however long it was waited for. */
class NeverSettled extends Error {
  constructor() {
    super('it never settles');
    this.name = 'NeverSettled';
  }
}

import { type Random, seededRandom } from '../../runner/random.ts';
import { EventHeap, type SimulatedEvent } from './event-heap.ts';
import { Trace } from './trace.ts';

/** A process or a machine: nothing that it planned happens once it is dead. */
export class Life {
  readonly name: string;
  dead = false;
  /** When that was. */
  diedMs: number | undefined;
  /** Told of each of its events before it runs; may kill it. */
  onEvent: (() => void) | undefined;

  constructor(name: string) {
    this.name = name;
  }
}

/** Steps run between two turns of Node's own event loop; each has its microtasks done before the next. */
const STEPS_PER_TURN = 64;

/**
 * Virtual time for one run: events in the order of their time, chance deciding among equals, and everything that an
 * event's promises lead to done before the next event.
 */
export class Scheduler {
  readonly trace: Trace;
  nowMs = 0;
  /** Events run so far. */
  steps = 0;
  readonly #heap = new EventHeap();
  readonly #random: Random;
  readonly #forks: Random;

  constructor(seed: number, trace = new Trace(false)) {
    this.trace = trace;
    this.#forks = seededRandom(seed);
    this.#random = this.#forks.fork('ties');
  }

  /** A source of chance of its own: what one part draws does not move what another gets. */
  fork(name: string): Random {
    return this.#forks.fork(name);
  }

  /** Runs once after `ms`, unless its owner is dead by then; the answer cancels it. */
  after(ms: number, label: string, run: () => void, owner?: Life): () => void {
    const event: SimulatedEvent = {
      atMs: this.nowMs + Math.max(0, ms),
      tie: this.#random.next(),
      label,
      run: owner === undefined ? run : () => runOwned(owner, run),
    };
    this.#heap.push(event);
    return () => {
      event.run = undefined;
    };
  }

  /** Resolves after `ms`; never, when the owner is dead by then. */
  sleep(ms: number, label: string, owner?: Life): Promise<void> {
    return new Promise((resolve) => this.after(ms, label, resolve, owner));
  }

  note(what: string, ...numbers: readonly number[]): void {
    this.trace.note(this.nowMs, what, ...numbers);
  }

  /**
   * Runs events until `done`, or none is left, or the next lies behind `untilMs`; tells whether it was `done`.
   * Rejects with what an event threw.
   */
  run(done: () => boolean, untilMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      let planned = 0;
      const state = { over: false };
      const finish = (result: boolean): void => {
        state.over = true;
        resolve(result);
      };
      const step = (): void => {
        planned -= 1;
        if (state.over) return;
        try {
          if (done()) finish(true);
          else if (!this.#step(untilMs)) finish(done());
        } catch (error) {
          state.over = true;
          reject(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        if (planned === 0) plan();
      };
      const plan = (): void => {
        for (; planned < STEPS_PER_TURN; planned += 1) setImmediate(step);
      };
      plan();
    });
  }

  #step(untilMs: number): boolean {
    for (;;) {
      const event = this.#heap.pop();
      if (event === undefined) return false;
      if (event.run === undefined) continue;
      if (event.atMs > untilMs) {
        this.#heap.push(event);
        this.nowMs = untilMs;
        return false;
      }
      this.nowMs = event.atMs;
      this.steps += 1;
      this.trace.note(event.atMs, event.label);
      event.run();
      return true;
    }
  }
}

function runOwned(owner: Life, run: () => void): void {
  const isAlive = (): boolean => !owner.dead;
  if (isAlive()) owner.onEvent?.();
  if (isAlive()) run();
}

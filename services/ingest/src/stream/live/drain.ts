/** How many times the quiet period a drain lasts at most. */
const MOST_PERIODS = 5;

/** Waits until a source that was told to stop has been quiet for a while, but not for ever. */
export class Drain {
  readonly #quietMs: number;
  readonly #isHeld: () => boolean;
  readonly #done: () => void;
  readonly #until: number;
  #timer: NodeJS.Timeout;

  /** `isHeld` tells that the source is quiet only because we do not read; `done` is called once. */
  constructor(quietMs: number, isHeld: () => boolean, done: () => void) {
    this.#quietMs = quietMs;
    this.#isHeld = isHeld;
    this.#done = done;
    this.#until = performance.now() + quietMs * MOST_PERIODS;
    this.#timer = this.#wait();
  }

  /** Something came. */
  touch(): void {
    if (performance.now() < this.#until) this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(): NodeJS.Timeout {
    return setTimeout(() => {
      if (this.#isHeld() && performance.now() < this.#until) this.#timer = this.#wait();
      else this.#done();
    }, this.#quietMs);
  }
}

/** Runs an action when something moved: at once if the last time is long enough ago, else as soon as it is. */
export class AckPacer {
  readonly #intervalMs: number;
  readonly #now: () => number;
  readonly #act: () => void;
  #nextAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** `now` is monotonic, ms. */
  constructor(intervalMs: number, now: () => number, act: () => void) {
    this.#intervalMs = intervalMs;
    this.#now = now;
    this.#act = act;
  }

  moved(): void {
    if (this.#timer !== undefined) return;
    const wait = this.#nextAt - this.#now();
    if (wait <= 0) this.flush();
    else this.#timer = setTimeout(() => this.flush(), wait);
  }

  /** Acts now. */
  flush(): void {
    this.stop();
    this.#nextAt = this.#now() + this.#intervalMs;
    this.#act();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

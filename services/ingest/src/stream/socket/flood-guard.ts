/** Counts events in whole seconds and tells when there are too many in one. Times are monotonic ms. */
export class FloodGuard {
  readonly #perSecond: number;
  #second = -1;
  #count = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** True when this event is one too many. */
  exceeds(now: number): boolean {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count > this.#perSecond;
  }
}

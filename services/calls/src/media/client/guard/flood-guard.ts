/** Counts events in whole seconds of a monotonic clock and tells when one is too many. */
export class FloodGuard {
  readonly #perSecond: number;
  #second = Number.NaN;
  #count = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Counts an event at `nowMs`; true when there are more than allowed in its second. */
  exceeds(nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    this.#count = second === this.#second ? this.#count + 1 : 1;
    this.#second = second;
    return this.#count > this.#perSecond;
  }
}

/** Paces audio that is given faster than it is spoken: never more than a lead ahead of the clock. */
export class Pacer {
  readonly #leadMs: number;
  readonly #elapsedMs: () => number;
  #startedAt: number | undefined;
  #givenMs = 0;

  /** `elapsedMs` is a monotonic clock, ms. */
  constructor(leadMs: number, elapsedMs: () => number) {
    this.#leadMs = leadMs;
    this.#elapsedMs = elapsedMs;
  }

  /** Audio of `ms` was given; returns how long to wait before giving more, ms. */
  gave(ms: number): number {
    const now = this.#elapsedMs();
    this.#startedAt ??= now;
    // What was held up is not made up for by hurrying: the peer hears it at the speed of speech anyway.
    if (now - this.#startedAt > this.#givenMs) this.#startedAt = now - this.#givenMs;
    this.#givenMs += ms;
    return Math.max(0, this.#givenMs - this.#leadMs - (now - this.#startedAt));
  }
}

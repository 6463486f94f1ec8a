/** A moment after which waiting ends; it can be brought forward, never put off. */
export class Deadline {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #at = Number.POSITIVE_INFINITY;

  /** Aborted when the moment has come. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  hasPassed(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Ends the waiting in `ms` at the latest. */
  within(ms: number): void {
    const at = performance.now() + ms;
    if (this.hasPassed() || at >= this.#at) return;
    this.#at = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.now(), ms);
  }

  /** Ends the waiting at once. */
  now(): void {
    this.clear();
    this.#controller.abort();
  }

  /** Forgets the moment: nobody waits any more. */
  clear(): void {
    clearTimeout(this.#timer);
  }
}

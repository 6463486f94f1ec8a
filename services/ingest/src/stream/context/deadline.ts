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

  /** What `work` comes to, or a rejection at the deadline even if it never ends. */
  bound<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(new Error('the deadline has passed'));
      if (this.hasPassed()) giveUp();
      this.signal.addEventListener('abort', giveUp, { once: true });
      work.finally(() => this.signal.removeEventListener('abort', giveUp)).then(resolve, reject);
    });
  }
}

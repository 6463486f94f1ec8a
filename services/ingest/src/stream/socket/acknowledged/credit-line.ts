/** Counts what a client has on its way without a durable ack, and tells when it is more than was granted. */
export class CreditLine {
  readonly #limitBytes: number;
  readonly #durable: () => Promise<void>;
  #taken = 0;
  #safe = 0;
  #isAsking = false;
  #repaid: (() => void) | undefined;
  #waiting: Promise<void> | undefined;

  /** `durable` resolves when everything taken so far is durable. */
  constructor(limitBytes: number, durable: () => Promise<void>) {
    this.#limitBytes = limitBytes;
    this.#durable = durable;
  }

  take(bytes: number): void {
    this.#taken += bytes;
  }

  /** A promise while the client is overdrawn; it never rejects. Call it when what was taken is written. */
  wait(): Promise<void> | undefined {
    this.#ask();
    if (!this.#isOverdrawn()) return undefined;
    this.#waiting ??= new Promise((resolve) => {
      this.#repaid = resolve;
    });
    return this.#waiting;
  }

  #isOverdrawn(): boolean {
    return this.#taken - this.#safe > this.#limitBytes;
  }

  /** One question at a time, and none before half is used up: a stream in real time asks once in a minute. */
  #ask(): void {
    if (this.#isAsking || (this.#taken - this.#safe) * 2 <= this.#limitBytes) return;
    this.#isAsking = true;
    const mark = this.#taken;
    this.#durable().then(
      () => this.#confirm(mark),
      // What never becomes durable is never repaid; the connection is told so by other means.
      () => undefined,
    );
  }

  #confirm(mark: number): void {
    this.#safe = mark;
    this.#isAsking = false;
    if (this.#isOverdrawn()) {
      this.#ask();
      return;
    }
    this.#repaid?.();
    this.#waiting = undefined;
  }
}

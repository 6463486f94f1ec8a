/** A disk that makes everything durable after a moment, unless it is held or broken. */
export class Commit {
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #isHeld = false;
  #failure: Error | undefined;

  /** Nothing becomes durable until `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#settle();
  }

  /** Nothing becomes durable any more. */
  fail(): void {
    this.#failure = new Error('the disk failed');
    this.#settle();
  }

  durable(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (!this.#isHeld) setTimeout(() => this.#settle(), 2);
    });
  }

  #settle(): void {
    if (this.#isHeld && this.#failure === undefined) return;
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (this.#failure === undefined) resolve();
      else reject(this.#failure);
    }
  }
}

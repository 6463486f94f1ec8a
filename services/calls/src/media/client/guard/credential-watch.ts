import type { StillValid } from '../../tokens/media-tokens.ts';

/** An answer that has not come after this is asked for again, ms. */
const OVERDUE_MS = 10_000;

/**
 * Asks again and again whether the credential behind an open socket still holds. `unknown` is told once of a time in
 * which no answer can be had. Times are monotonic ms.
 */
export class CredentialWatch {
  readonly #stillValid: StillValid;
  readonly #everyMs: number;
  readonly #told: { revoked(): void; unknown(error: unknown): void };
  #isUnknown = false;
  #askedAt: number;
  #isAsking = false;

  constructor(
    stillValid: StillValid,
    timing: { readonly everyMs: number; readonly now: number },
    told: { revoked(): void; unknown(error: unknown): void },
  ) {
    this.#stillValid = stillValid;
    this.#everyMs = timing.everyMs;
    this.#askedAt = timing.now;
    this.#told = told;
  }

  check(now: number): void {
    if (now - this.#askedAt < (this.#isAsking ? OVERDUE_MS : this.#everyMs)) return;
    this.#askedAt = now;
    this.#isAsking = true;
    void this.#ask();
  }

  /** Only a plain no ends a call's audio; not knowing does not. */
  async #ask(): Promise<void> {
    try {
      if (!(await this.#stillValid())) this.#told.revoked();
      this.#isUnknown = false;
    } catch (error) {
      if (!this.#isUnknown) this.#told.unknown(error);
      this.#isUnknown = true;
    }
    this.#isAsking = false;
  }
}

/** Pings without an answer after which a peer counts as gone. */
const PINGS_MISSED = 2;
/** Checks that come this late say that the process was held up itself, and could hear nobody; ms. */
const STALL_MS = 5000;

/**
 * Decides when to ping a client and when to give it up. A client that says nothing is fine as long as it answers.
 * Times are monotonic ms.
 */
export class KeepAlive {
  readonly #intervalMs: number;
  #nextPing: number;
  #lastCheck: number;
  #unanswered = 0;

  constructor(intervalMs: number, now: number) {
    this.#intervalMs = intervalMs;
    this.#nextPing = now + intervalMs;
    this.#lastCheck = now;
  }

  /** Anything came from the client. */
  heard(): void {
    this.#unanswered = 0;
  }

  /** Nothing is read from the client at the moment, so its silence says nothing. */
  deaf(now: number): void {
    this.#unanswered = 0;
    this.#nextPing = now + this.#intervalMs;
  }

  check(now: number): 'fine' | 'ping' | 'gone' {
    if (now - this.#lastCheck > STALL_MS) this.deaf(now);
    this.#lastCheck = now;
    if (now < this.#nextPing) return 'fine';
    if (this.#unanswered >= PINGS_MISSED) return 'gone';
    this.#unanswered += 1;
    this.#nextPing = now + this.#intervalMs;
    return 'ping';
  }
}

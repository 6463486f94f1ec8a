/** How a lost connection is looked for again. */
export interface ResumePolicy {
  /** Gives up when nothing has got through for this long, ms. */
  readonly resumeForMs: number;
  /** Longest wait before the second try, ms; doubled for each one after it. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
}

/** Counts tries and time since the stream last got on. */
export class Outage {
  readonly #policy: ResumePolicy;
  readonly #clock: { elapsedMs(): number; random(): number };
  #since: number | undefined;
  #tries = 0;

  constructor(policy: ResumePolicy, clock: { elapsedMs(): number; random(): number }) {
    this.#policy = policy;
    this.#clock = clock;
  }

  get tries(): number {
    return this.#tries;
  }

  /** Audio has got through: whatever was before does not count any more. */
  over(): void {
    this.#since = undefined;
    this.#tries = 0;
  }

  /**
   * The wait before the next try, ms: exponential with full jitter, so that the clients of a restarted server do not
   * come back all at once, and never before the server's own hint. Undefined when it is time to give up.
   */
  nextDelayMs(hintMs = 0): number | undefined {
    const { resumeForMs, baseDelayMs, maxDelayMs } = this.#policy;
    const now = this.#clock.elapsedMs();
    this.#since ??= now;
    this.#tries += 1;
    const left = resumeForMs - (now - this.#since);
    if (left <= 0) return undefined;
    const ceiling = Math.min(maxDelayMs, baseDelayMs * 2 ** Math.min(20, this.#tries - 1));
    const delay = Math.min(hintMs, resumeForMs) + this.#clock.random() * ceiling;
    return Math.min(delay, left);
  }
}

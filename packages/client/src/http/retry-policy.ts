/** How often and how long a request is tried again. */
export interface RetryPolicy {
  /** All tries together, the first included. */
  readonly attempts: number;
  /** Wait before the second try, ms; doubled for each one after it. */
  readonly baseDelayMs: number;
  /** Longest wait, ms; also the cap on what a Retry-After header may ask for. */
  readonly maxDelayMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 5, baseDelayMs: 250, maxDelayMs: 30_000 };

/** How one try ended: an HTTP status, or no answer at all. */
export interface Outcome {
  readonly status: number | 'no_answer';
  /** The Retry-After header as sent. */
  readonly retryAfter: string | null;
  /** Tries made so far, 1 or more. */
  readonly attempt: number;
}

const BUSY: ReadonlySet<number> = new Set([429, 502, 503, 504, 507]);

/**
 * The wait before the next try, ms, or undefined when trying again is wrong (MedScribe protocol, retries):
 * 429 after Retry-After, 503 and lost connections with backoff, 500 once, never any other refusal.
 * `jitter` is 0..1.
 */
export function retryDelayMs(policy: RetryPolicy, outcome: Outcome, jitter: number): number | undefined {
  if (outcome.attempt >= policy.attempts) return undefined;
  if (outcome.status === 500) return outcome.attempt === 1 ? policy.baseDelayMs : undefined;
  if (outcome.status !== 'no_answer' && !BUSY.has(outcome.status)) return undefined;
  const asked = retryAfterMs(outcome.retryAfter);
  const backoff = policy.baseDelayMs * 2 ** (outcome.attempt - 1) * (0.5 + jitter / 2);
  return Math.min(policy.maxDelayMs, asked ?? backoff);
}

/** Retry-After in its seconds form; the date form is not used by this protocol. */
export function retryAfterMs(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header.trim()) ? Number(header) * 1000 : undefined;
}

import { EarshotError } from '@earshot/protocol';

/** How many requests one subject may make in a window. */
export interface LimitRule {
  readonly limit: number;
  readonly windowSeconds: number;
}

/** What one request did to a limit. */
export interface LimitState extends LimitRule {
  readonly allowed: boolean;
  readonly remaining: number;
  /** When the window starts anew, unix seconds. */
  readonly resetAt: number;
  /** Seconds until another try can succeed; at least 1. */
  readonly retryAfterSeconds: number;
}

/** The rate headers of an answer (MedScribe protocol, rate limiting). */
export function limitHeaders(state: LimitState): Record<string, string> {
  return {
    'x-ratelimit-limit': String(state.limit),
    'x-ratelimit-remaining': String(state.remaining),
    'x-ratelimit-reset': String(state.resetAt),
  };
}

/** The 429 of a spent limit. */
export function limitError(state: LimitState): EarshotError {
  return new EarshotError('rate_limit_exceeded', {
    details: {
      limit: state.limit,
      window: `${state.windowSeconds}s`,
      retry_after_seconds: state.retryAfterSeconds,
    },
  });
}

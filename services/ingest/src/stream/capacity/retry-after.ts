import { EarshotError, type ErrorCode } from '@earshot/protocol';

/** When a refusal of this node is worth another try, in seconds; a full disk takes longest. */
const SECONDS: Partial<Record<ErrorCode, number>> = {
  rate_limit_exceeded: 1,
  shutting_down: 1,
  service_unavailable: 2,
  insufficient_storage: 30,
};

/** The `Retry-After` of a refusal; undefined where trying again does not help. */
export function retryAfterSeconds(error: unknown): number | undefined {
  if (!(error instanceof EarshotError)) return undefined;
  const told = error.details?.['retry_after_seconds'];
  return typeof told === 'number' ? Math.ceil(told) : SECONDS[error.code];
}

/** The same error with its `retry_after_seconds`, which the HTTP server turns into the header. */
export function withRetryAfter<E>(error: E): E | EarshotError {
  const seconds = retryAfterSeconds(error);
  if (!(error instanceof EarshotError) || seconds === undefined) return error;
  const { code, message, details, cause } = error;
  return new EarshotError(code, { message, details: { ...details, retry_after_seconds: seconds }, cause });
}

import { EarshotError } from '@earshot/protocol';

/** Turns a failure of Redis into `service_unavailable`, which callers may try again. */
export function unavailable(cause: unknown): never {
  throw new EarshotError('service_unavailable', { details: { retry_after_seconds: 2 }, cause });
}

import { EarshotError } from '@earshot/protocol';
import type { Principal, RequestHeaders } from '@earshot/runtime';
import type { StillValid } from '../tokens/media-tokens.ts';

export type Authenticate = (headers: RequestHeaders) => Promise<Principal>;

/** Headers that say who asks. Cookies are not among them. */
const NAMES = ['authorization', 'x-api-key', 'x-api-key-id'];

/** The headers of a request that say who asks: all of it that may be kept. */
export function credentialHeaders(headers: RequestHeaders): RequestHeaders {
  return Object.fromEntries(NAMES.map((name) => [name, headers[name]]));
}

/**
 * Authenticates the same headers again whenever it is asked: true as long as they may still use the line. An access
 * token whose time is over was not revoked and ends no call; when the answer cannot be had right now it rejects.
 */
export function stillMayUse(
  authenticate: Authenticate,
  headers: RequestHeaders,
  line: { readonly tenant: string; readonly lineId: string },
): StillValid {
  const kept = credentialHeaders(headers);
  return async () => {
    try {
      const principal = await authenticate(kept);
      const isLine = principal.line === null || principal.line === line.lineId;
      return isLine && principal.tenant === line.tenant;
    } catch (error) {
      if (!(error instanceof EarshotError) || error.retryable) throw error;
      return error.code === 'token_expired';
    }
  };
}

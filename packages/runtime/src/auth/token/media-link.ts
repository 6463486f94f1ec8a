import { createHmac, timingSafeEqual } from 'node:crypto';
import { EarshotError, TENANT_ID } from '@earshot/protocol';
import { deriveSecret } from './secret.ts';

/** What a signed link opens. */
export interface LinkGrant {
  /** Path of the resource, without query. */
  readonly path: string;
  readonly tenant: string;
}

/** Signs and checks short-lived links, for players and downloads that cannot send a header. */
export interface LinkSigner {
  /** The path with `tenant`, `expires` (unix seconds) and `signature` in its query. */
  sign(grant: LinkGrant & { readonly ttlSeconds: number }): string;
  /** The tenant a link was made for. Throws `forbidden` when it was changed, `token_expired` when it is too old. */
  verify(path: string, query: Readonly<Record<string, unknown>>): string;
}

/** Creates a signer (HMAC-SHA-256 over path, tenant and time). A link opens one path of one tenant, by reading only. */
export function createLinkSigner(options: {
  readonly secret: Uint8Array;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}): LinkSigner {
  const key = deriveSecret(options.secret, 'media link');
  const clock = options.clock ?? Date.now;
  const signature = (grant: LinkGrant, expires: number): Buffer =>
    createHmac('sha256', key)
      .update(JSON.stringify([grant.path, grant.tenant, expires]))
      .digest();

  return {
    sign({ path, tenant, ttlSeconds }) {
      const expires = Math.floor(clock() / 1000) + ttlSeconds;
      const query = new URLSearchParams({
        tenant,
        expires: String(expires),
        signature: signature({ path, tenant }, expires).toString('base64url'),
      });
      return `${path}?${query.toString()}`;
    },
    verify(path, query) {
      const { tenant, expires, signature: given } = query;
      const wellFormed =
        typeof tenant === 'string' &&
        TENANT_ID.test(tenant) &&
        typeof expires === 'string' &&
        /^\d{1,12}$/.test(expires) &&
        typeof given === 'string' &&
        /^[\w-]{43}$/.test(given);
      if (!wellFormed) throw new EarshotError('forbidden', { message: 'The link is not valid.' });
      const expected = signature({ path, tenant }, Number(expires));
      if (!timingSafeEqual(expected, Buffer.from(given, 'base64url'))) {
        throw new EarshotError('forbidden', { message: 'The link is not valid.' });
      }
      if (Number(expires) * 1000 <= clock()) {
        throw new EarshotError('token_expired', { message: 'The link has expired.' });
      }
      return tenant;
    },
  };
}

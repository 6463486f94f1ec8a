import { EarshotError } from '@earshot/protocol';
import { decodeJwt } from 'jose';
import { isToken, type RequestHeaders, readCredential, readNamedKey } from './caller/credentials.ts';
import { type Principal, principalFor } from './caller/principal.ts';
import type { Keyring } from './key/keyring.ts';
import type { OidcVerifier } from './token/oidc.ts';
import { TOKEN_ISSUER, type TokenService } from './token/token-service.ts';

export interface AuthenticatorOptions {
  readonly keyring: Keyring;
  /** Accepts the tokens of login. */
  readonly tokens?: TokenService;
  /** Accepts the tokens of an outside issuer. */
  readonly oidc?: OidcVerifier;
}

/** Tells who makes a request, from its headers alone. */
export interface Authenticator {
  /**
   * `X-API-Key-Id` beside a credential of the whole tenant names the key of a line to act as.
   * Throws `authentication_failed` (no credential, or a token that does not verify), `invalid_api_key`,
   * `token_expired`, `invalid_request` (two credentials), `forbidden`, `number_scope_not_allowed`, or
   * `service_unavailable`.
   */
  authenticate(headers: RequestHeaders): Promise<Principal>;
  /** True when checking costs no look-up or was successful before; such callers are let past a guessing limit. */
  recognises(headers: RequestHeaders): boolean;
}

/** Who claims to have signed a token; not verified. */
function claimedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

/** Creates the authenticator: API keys always, tokens of login and of an issuer where they are configured. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  async function byKey(key: string): Promise<Principal> {
    const verified = await options.keyring.verify(key);
    if (verified === null) throw new EarshotError('invalid_api_key', { message: 'Invalid API key' });
    return principalFor(verified.record);
  }

  /** A caller of the whole tenant acts as the key of one of its lines, with that key's rights and no more. */
  async function actAs(keyId: string, caller: Principal): Promise<Principal> {
    if (caller.keyId === keyId) return caller;
    if (caller.line !== null) {
      throw new EarshotError('number_scope_not_allowed', {
        message: 'The key of one line acts as no other key.',
      });
    }
    const record = await options.keyring.verifyId(keyId);
    if (record === null || record.tenant !== caller.tenant || record.lineId === undefined) {
      throw new EarshotError('invalid_api_key', {
        message: 'x-api-key-id names no key of one of your lines.',
      });
    }
    return principalFor(record);
  }

  async function byToken(token: string): Promise<Principal> {
    const issuer = claimedIssuer(token);
    if (options.tokens !== undefined && issuer === TOKEN_ISSUER) return options.tokens.verify(token);
    if (options.oidc !== undefined && issuer === options.oidc.issuer) return options.oidc.verify(token);
    throw new EarshotError('authentication_failed', { message: 'Invalid access token' });
  }

  return {
    async authenticate(headers) {
      const credential = readCredential(headers);
      const caller = await (isToken(credential) ? byToken(credential) : byKey(credential));
      const keyId = readNamedKey(headers);
      return keyId === undefined ? caller : actAs(keyId, caller);
    },
    recognises(headers) {
      try {
        const credential = readCredential(headers);
        return isToken(credential) || options.keyring.recognises(credential);
      } catch {
        return false;
      }
    },
  };
}

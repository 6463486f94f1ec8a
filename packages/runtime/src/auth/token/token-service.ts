import { randomBytes } from 'node:crypto';
import {
  EarshotError,
  LIMITS,
  type LoginRequest,
  type RefreshRequest,
  type TokenResponse,
} from '@earshot/protocol';
import { CompactEncrypt, compactDecrypt, errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { type Principal, principalFor } from '../caller/principal.ts';
import type { Keyring, VerifiedKey } from '../key/keyring.ts';
import { deriveSecret } from './secret.ts';

/** `iss` of the tokens that login hands out. */
export const TOKEN_ISSUER = 'earshot';

type TokenUse = 'access' | 'refresh';

/** What a token carries beside the registered claims; `ref` is the stored name of the key, encrypted. */
const Claims = z.object({
  sub: z.string(),
  tenant: z.string(),
  use: z.enum(['access', 'refresh']),
  ref: z.string(),
});

export interface TokenServiceOptions {
  /** The server's secret, 32 bytes or more; shared by every process that checks tokens. */
  readonly secret: Uint8Array;
  readonly keyring: Keyring;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** Login with an API key, for clients that want short-lived tokens. */
export interface TokenService {
  /** Throws `invalid_api_key` unless `client_secret` is a key in force and `client_id` its id. */
  login(request: LoginRequest): Promise<TokenResponse>;
  /** New tokens for a refresh token. Throws `token_expired`, `authentication_failed` or `invalid_api_key`. */
  refresh(request: RefreshRequest): Promise<TokenResponse>;
  /** Who an access token speaks for, or the same errors. A token dies with its key. */
  verify(accessToken: string): Promise<Principal>;
}

const refused = (cause?: unknown): EarshotError =>
  new EarshotError('authentication_failed', { message: 'Invalid access token', cause });

/** A jose failure as the error a caller sees. */
export function tokenError(error: unknown): EarshotError {
  if (error instanceof EarshotError) return error;
  return error instanceof errors.JWTExpired ? new EarshotError('token_expired') : refused(error);
}

/** Signs and checks tokens with HS256; everything a token says is checked again against its key's record. */
export function createTokenService(options: TokenServiceOptions): TokenService {
  const { keyring } = options;
  const clock = options.clock ?? Date.now;
  const signing = deriveSecret(options.secret, 'token signature');
  const sealing = deriveSecret(options.secret, 'token key reference');

  async function sign(use: TokenUse, key: VerifiedKey, seconds: number): Promise<string> {
    const now = Math.floor(clock() / 1000);
    const ref = await new CompactEncrypt(Buffer.from(key.sha256, 'hex'))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(sealing);
    return new SignJWT({ tenant: key.record.tenant, use, ref })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(TOKEN_ISSUER)
      .setSubject(key.record.keyId)
      .setJti(randomBytes(16).toString('base64url'))
      .setIssuedAt(now)
      .setExpirationTime(now + seconds)
      .sign(signing);
  }

  async function open(token: string, use: TokenUse): Promise<VerifiedKey> {
    try {
      const { payload } = await jwtVerify(token, signing, {
        algorithms: ['HS256'],
        issuer: TOKEN_ISSUER,
        requiredClaims: ['exp', 'sub'],
        currentDate: new Date(clock()),
      });
      const claims = Claims.parse(payload);
      if (claims.use !== use) throw refused();
      const sha256 = Buffer.from((await compactDecrypt(claims.ref, sealing)).plaintext).toString('hex');
      const record = await keyring.verifyHash(sha256);
      if (record === null) throw new EarshotError('invalid_api_key', { message: 'The API key was revoked.' });
      if (record.keyId !== claims.sub || record.tenant !== claims.tenant) throw refused();
      return { sha256, record };
    } catch (error) {
      throw tokenError(error);
    }
  }

  async function issue(key: VerifiedKey): Promise<TokenResponse> {
    return {
      access_token: await sign('access', key, LIMITS.accessTokenSeconds),
      refresh_token: await sign('refresh', key, LIMITS.refreshTokenSeconds),
      expires_in: LIMITS.accessTokenSeconds,
      refresh_expires_in: LIMITS.refreshTokenSeconds,
      token_type: 'Bearer',
    };
  }

  return {
    async login(request) {
      const key = await keyring.verify(request.client_secret);
      if (key === null || key.record.keyId !== request.client_id) {
        throw new EarshotError('invalid_api_key', { message: 'Invalid client id or secret' });
      }
      return issue(key);
    },
    async refresh(request) {
      return issue(await open(request.refresh_token, 'refresh'));
    },
    async verify(accessToken) {
      const { record } = await open(accessToken, 'access');
      return principalFor(record);
    },
  };
}

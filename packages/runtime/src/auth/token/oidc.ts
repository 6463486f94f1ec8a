import { EarshotError, TENANT_ID } from '@earshot/protocol';
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import type { Principal } from '../caller/principal.ts';
import { tokenError } from './token-service.ts';

/** Asymmetric algorithms only: a shared-secret algorithm would let the public key pass for the secret. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;
const FETCH_TIMEOUT_MS = 5000;
const CLOCK_TOLERANCE_SECONDS = 30;

export interface OidcOptions {
  /** Exact `iss` of accepted tokens. */
  readonly issuer: string;
  /** Accepted `aud`; a token must name one of them. */
  readonly audience: string | readonly string[];
  /** Where the issuer's keys are; read from its discovery document when absent. */
  readonly jwksUrl?: string;
  /** The claim that names the tenant; `tenant` when absent. */
  readonly tenantClaim?: string;
  /** Tenant of tokens without that claim; such tokens are refused when absent. */
  readonly tenant?: string;
  /** A subset of the built-in asymmetric algorithms. */
  readonly algorithms?: readonly (typeof ALGORITHMS)[number][];
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** Checks access tokens of an OpenID Connect issuer. */
export interface OidcVerifier {
  readonly issuer: string;
  /** Throws `token_expired`, `authentication_failed`, `forbidden` (no tenant), `service_unavailable` (issuer away). */
  verify(token: string): Promise<Principal>;
}

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });

/** OpenID Connect Discovery 1.0, section 4. */
async function discoverJwksUrl(issuer: string): Promise<URL> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`discovery answered ${response.status}`);
  const document = Discovery.parse(await response.json());
  if (document.issuer !== issuer) throw new Error('discovery names another issuer');
  return new URL(document.jwks_uri);
}

/** Failures that say nothing about the token: the issuer's keys could not be had. */
function isIssuerAway(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return true;
  return !(error instanceof errors.JOSEError) || error.constructor === errors.JOSEError;
}

function tenantOf(payload: JWTPayload, options: OidcOptions): string {
  const claim = payload[options.tenantClaim ?? 'tenant'] ?? options.tenant;
  if (typeof claim === 'string' && TENANT_ID.test(claim)) return claim;
  throw new EarshotError('forbidden', { message: 'The access token names no tenant.' });
}

/** Creates a verifier; keys are fetched on first use, cached, and fetched anew for an unknown key id. */
export function createOidcVerifier(options: OidcOptions): OidcVerifier {
  const clock = options.clock ?? Date.now;
  let keys: Promise<JWTVerifyGetKey> | undefined;

  async function loadKeys(): Promise<JWTVerifyGetKey> {
    const url =
      options.jwksUrl === undefined ? await discoverJwksUrl(options.issuer) : new URL(options.jwksUrl);
    return createRemoteJWKSet(url, { timeoutDuration: FETCH_TIMEOUT_MS });
  }

  async function issuerKeys(): Promise<JWTVerifyGetKey> {
    keys ??= loadKeys();
    try {
      return await keys;
    } catch (error) {
      keys = undefined;
      throw error;
    }
  }

  async function check(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, await issuerKeys(), {
        algorithms: [...(options.algorithms ?? ALGORITHMS)],
        issuer: options.issuer,
        audience: typeof options.audience === 'string' ? options.audience : [...options.audience],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(clock()),
        requiredClaims: ['exp', 'sub'],
      });
      return payload;
    } catch (error) {
      if (!isIssuerAway(error)) throw tokenError(error);
      throw new EarshotError('service_unavailable', {
        message: 'Access tokens cannot be checked right now.',
        cause: error,
      });
    }
  }

  return {
    issuer: options.issuer,
    async verify(token) {
      const payload = await check(token);
      const subject = payload.sub ?? '';
      return { tenant: tenantOf(payload, options), keyId: null, subject, line: null, test: false };
    },
  };
}

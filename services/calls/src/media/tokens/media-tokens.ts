import { createHash } from 'node:crypto';
import { EarshotError, LIMITS, type MediaMode } from '@earshot/protocol';

/** False once the credential behind something was revoked. Rejects when that cannot be told right now. */
export type StillValid = () => Promise<boolean>;

/** What a token lets its bearer do. */
export interface MediaGrant {
  readonly tenant: string;
  readonly lineId: string;
  readonly callId: string;
  readonly mode: MediaMode;
  readonly credential: StillValid;
}

export interface MintedToken {
  readonly token: string;
  /** Bounds the connect only; a connected client stays. */
  readonly expiresInSeconds: number;
}

/** Tokens of the calls that this process carries, in its memory only: gone with it, as its calls are. */
export interface MediaTokens {
  /** Throws `rate_limit_exceeded` when too many tokens of the call are unused. */
  mint(grant: MediaGrant): MintedToken;
  /** What the token grants, once; null for any later use and for tokens that never were or are too old. */
  take(token: string): MediaGrant | null;
  /** The call is over: its tokens are worth nothing. */
  drop(callId: string): void;
  /** Forgets tokens that are too old, and those of calls that are over. */
  sweep(isLive: (callId: string) => boolean): void;
  readonly size: number;
}

interface Unused {
  readonly grant: MediaGrant;
  readonly expiresAtMs: number;
}

const PREFIX = 'emt_';
const TOKEN_BYTES = 32;
const TOKEN = /^emt_[A-Za-z0-9_-]{43}$/;

const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64');

/** Creates an empty set of tokens. `now` is monotonic, in ms; tokens are kept by their SHA-256 alone. */
export function createMediaTokens(deps: {
  readonly now: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
}): MediaTokens {
  const unused = new Map<string, Unused>();
  const hashesByCall = new Map<string, Set<string>>();

  function forget(hash: string, callId: string): void {
    unused.delete(hash);
    const hashes = hashesByCall.get(callId);
    hashes?.delete(hash);
    if (hashes?.size === 0) hashesByCall.delete(callId);
  }

  function drop(callId: string): void {
    for (const hash of hashesByCall.get(callId) ?? []) unused.delete(hash);
    hashesByCall.delete(callId);
  }

  function refuseTooMany(callId: string, now: number): void {
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const hash of hashesByCall.get(callId) ?? []) {
      const expiresAtMs = unused.get(hash)?.expiresAtMs ?? now;
      if (expiresAtMs <= now) forget(hash, callId);
      else oldestMs = Math.min(oldestMs, expiresAtMs);
    }
    if ((hashesByCall.get(callId)?.size ?? 0) < LIMITS.maxMediaTokensPerCall) return;
    throw new EarshotError('rate_limit_exceeded', {
      message: 'Too many media tokens of this call are unused.',
      details: { retry_after_seconds: Math.ceil((oldestMs - now) / 1000) },
    });
  }

  return {
    mint(grant) {
      const now = deps.now();
      refuseTooMany(grant.callId, now);
      const token = PREFIX + Buffer.from(deps.randomBytes(TOKEN_BYTES)).toString('base64url');
      const hash = hashOf(token);
      unused.set(hash, { grant, expiresAtMs: now + LIMITS.mediaTokenSeconds * 1000 });
      hashesByCall.set(grant.callId, (hashesByCall.get(grant.callId) ?? new Set()).add(hash));
      return { token, expiresInSeconds: LIMITS.mediaTokenSeconds };
    },
    take(token) {
      if (!TOKEN.test(token)) return null;
      const hash = hashOf(token);
      const found = unused.get(hash);
      if (found === undefined) return null;
      // Nothing is awaited between the look-up and this, so of many uses at once only one finds the token.
      forget(hash, found.grant.callId);
      return deps.now() < found.expiresAtMs ? found.grant : null;
    },
    drop,
    sweep(isLive) {
      const now = deps.now();
      for (const callId of [...hashesByCall.keys()]) if (!isLive(callId)) drop(callId);
      for (const [hash, { grant, expiresAtMs }] of unused) {
        if (expiresAtMs <= now) forget(hash, grant.callId);
      }
    },
    get size() {
      return unused.size;
    },
  };
}

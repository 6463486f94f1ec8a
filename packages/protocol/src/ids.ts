/** Ids are unguessable and safe in URLs, object keys, Redis keys and BullMQ job ids (no colon). */
const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

export type IdPrefix =
  | 'ses'
  | 'str'
  | 'key'
  | 'whk'
  | 'evt'
  | 'doc'
  | 'ten'
  | 'lin'
  | 'call'
  | 'ast'
  | 'dlv'
  | 'aud';

/** Length of the random part: 26 base-36 characters hold 134 bits. */
export const ID_RANDOM_LENGTH = 26;

/**
 * Builds `{prefix}_{26 base-36 characters}` from random bytes handed in (40 or more).
 * Bytes of 252 and above are skipped so that every character is equally likely.
 */
export function idFrom(prefix: IdPrefix, random: Uint8Array): string {
  let out = '';
  for (const byte of random) {
    if (byte < 252) out += ALPHABET.charAt(byte % 36);
    if (out.length === ID_RANDOM_LENGTH) return `${prefix}_${out}`;
  }
  throw new RangeError('idFrom needs more random bytes');
}

/** Session ids a client may supply. */
export const SESSION_ID = /^[A-Za-z0-9_-]{16,64}$/;
export const STREAM_ID = /^str_[0-9a-z]{26}$/;
export const TENANT_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** What belongs to one session. Keys, index rows and jobs all start from it. */
export interface SessionRef {
  readonly tenant: string;
  readonly sessionId: string;
}

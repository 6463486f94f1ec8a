import { createHash, timingSafeEqual } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 43 base-62 characters hold 256 bits. */
const BODY_LENGTH = 43;
/** 6 base-62 characters hold the first 32 bits of a SHA-256. */
const CHECK_LENGTH = 6;
const KEY_BYTES = 32;
const SHAPE = /^(sk_(?:live|test)_[0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

export type KeyMode = 'live' | 'test';

function base62(bytes: Uint8Array, length: number): string {
  let rest = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  let out = '';
  for (let i = 0; i < length; i++) {
    out = ALPHABET.charAt(Number(rest % 62n)) + out;
    rest /= 62n;
  }
  return out;
}

function checksum(text: string): string {
  return base62(createHash('sha256').update(text).digest().subarray(0, 4), CHECK_LENGTH);
}

/** Writes 32 random bytes as `sk_{mode}_`, 43 characters of secret, and 6 of checksum. */
export function formatKey(mode: KeyMode, random: Uint8Array): string {
  if (random.length !== KEY_BYTES) throw new RangeError(`an API key takes ${KEY_BYTES} random bytes`);
  const body = `sk_${mode}_${base62(random, BODY_LENGTH)}`;
  return body + checksum(body);
}

/** True when text has the exact shape of a generated key and its checksum does not fit: a typing error or a guess. */
export function isMistypedKey(text: string): boolean {
  const match = SHAPE.exec(text);
  if (match === null) return false;
  const [, body = '', check = ''] = match;
  return !timingSafeEqual(Buffer.from(checksum(body)), Buffer.from(check));
}

/** Under what name a key is stored, hex. A plain hash is enough, as keys hold 256 random bits. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

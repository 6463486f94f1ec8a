import { takeBytes } from './byte-slab.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const INVALID = 255;
const PAD = 0x3d;

const utf8 = new TextEncoder();
const LETTERS = utf8.encode(ALPHABET);
const ascii = new TextDecoder();

const VALUES = new Uint8Array(256).fill(INVALID);
for (let value = 0; value < ALPHABET.length; value += 1) VALUES[ALPHABET.charCodeAt(value)] = value;

/**
 * Decodes base64 (RFC 4648 section 4) strictly: standard alphabet, full padding, nothing else.
 * Null when the text breaks these rules; lenient decoders would turn such text into noise.
 */
export function decodeBase64(text: string): Uint8Array | null {
  const codes = utf8.encode(text);
  return decodeBase64Bytes(codes, 0, codes.length);
}

/** As `decodeBase64`, of the text whose UTF-8 bytes are `codes[from, to)`. */
export function decodeBase64Bytes(codes: Uint8Array, from: number, to: number): Uint8Array | null {
  const length = to - from;
  if (length === 0) return new Uint8Array(0);
  if (length % 4 !== 0) return null;
  const padding = codes[to - 1] !== PAD ? 0 : codes[to - 2] !== PAD ? 1 : 2;
  const bytes = takeBytes((length / 4) * 3 - padding);
  const whole = padding === 0 ? to : to - 4;
  let invalid = 0;
  let put = 0;
  for (let at = from; at < whole; at += 4) {
    const a = valueAt(codes, at);
    const b = valueAt(codes, at + 1);
    const c = valueAt(codes, at + 2);
    const d = valueAt(codes, at + 3);
    invalid |= a | b | c | d;
    bytes[put] = (a << 2) | (b >> 4);
    bytes[put + 1] = (b << 4) | (c >> 2);
    bytes[put + 2] = (c << 6) | d;
    put += 3;
  }
  if ((invalid & 0xc0) !== 0) return null;
  return padding === 0 || decodeTail(codes.subarray(whole, to), bytes, 3 - padding) ? bytes : null;
}

/** Decodes the last, padded group into the last `count` (1 or 2) bytes; false when it is invalid. */
function decodeTail(group: Uint8Array, bytes: Uint8Array, count: number): boolean {
  const a = valueAt(group, 0);
  const b = valueAt(group, 1);
  const c = count === 2 ? valueAt(group, 2) : 0;
  if (((a | b | c) & 0xc0) !== 0) return false;
  bytes[bytes.length - count] = (a << 2) | (b >> 4);
  if (count === 2) bytes[bytes.length - 1] = (b << 4) | (c >> 2);
  return true;
}

function valueAt(codes: Uint8Array, at: number): number {
  return VALUES[codes[at] ?? 0] ?? INVALID;
}

/** Writes base64 (RFC 4648 section 4) with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  const codes = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  for (let at = 0, to = 0; at < bytes.length; at += 3, to += 4) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    codes[to] = letter(group >> 18);
    codes[to + 1] = letter(group >> 12);
    codes[to + 2] = letter(group >> 6);
    codes[to + 3] = letter(group);
  }
  const padding = (3 - (bytes.length % 3)) % 3;
  codes.fill(PAD, codes.length - padding);
  return ascii.decode(codes);
}

function letter(bits: number): number {
  return LETTERS[bits & 0x3f] ?? PAD;
}

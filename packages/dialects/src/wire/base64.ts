const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const INVALID = 255;
const PAD = 0x3d;

const LETTERS = new TextEncoder().encode(ALPHABET);
const ascii = new TextDecoder();

const VALUES = new Uint8Array(256).fill(INVALID);
for (let value = 0; value < ALPHABET.length; value += 1) VALUES[ALPHABET.charCodeAt(value)] = value;

/**
 * Decodes base64 (RFC 4648 section 4) strictly: standard alphabet, full padding, nothing else.
 * Null when the text breaks these rules; lenient decoders would turn such text into noise.
 */
export function decodeBase64(text: string): Uint8Array | null {
  const length = text.length;
  if (length === 0) return new Uint8Array(0);
  if (length % 4 !== 0) return null;
  const padding = text.charCodeAt(length - 1) !== PAD ? 0 : text.charCodeAt(length - 2) !== PAD ? 1 : 2;
  const bytes = new Uint8Array((length / 4) * 3 - padding);
  const whole = padding === 0 ? length : length - 4;
  let to = 0;
  for (let at = 0; at < whole; at += 4) {
    const a = valueAt(text, at);
    const b = valueAt(text, at + 1);
    const c = valueAt(text, at + 2);
    const d = valueAt(text, at + 3);
    if (((a | b | c | d) & 0xc0) !== 0) return null;
    bytes[to] = (a << 2) | (b >> 4);
    bytes[to + 1] = (b << 4) | (c >> 2);
    bytes[to + 2] = (c << 6) | d;
    to += 3;
  }
  return padding === 0 || decodeTail(text, bytes, 3 - padding) ? bytes : null;
}

/** Decodes the last, padded group into the last `count` (1 or 2) bytes; false when it is invalid. */
function decodeTail(text: string, bytes: Uint8Array, count: number): boolean {
  const at = text.length - 4;
  const a = valueAt(text, at);
  const b = valueAt(text, at + 1);
  const c = count === 2 ? valueAt(text, at + 2) : 0;
  if (((a | b | c) & 0xc0) !== 0) return false;
  bytes[bytes.length - count] = (a << 2) | (b >> 4);
  if (count === 2) bytes[bytes.length - 1] = (b << 4) | (c >> 2);
  return true;
}

function valueAt(text: string, at: number): number {
  return VALUES[text.charCodeAt(at)] ?? INVALID;
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

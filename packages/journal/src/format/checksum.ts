import { crc32 } from 'node:zlib';

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb8_8320 : rest >>> 1;
  return rest;
});

/** CRC-32 (the one of zlib) of a whole payload. */
export function payloadCheck(payload: Uint8Array, seed: number): number {
  return crc32(payload, seed);
}

/** CRC-32 of `bytes[at, at + length)`: equal to zlib's, but without a view or a native call for a few bytes. */
export function spanCheck(
  bytes: Uint8Array,
  span: { readonly at: number; readonly length: number },
  seed: number,
): number {
  let check = ~seed;
  const end = span.at + span.length;
  for (let i = span.at; i < end; i += 1) {
    check = (TABLE[(check ^ (bytes[i] ?? 0)) & 255] ?? 0) ^ (check >>> 8);
  }
  return ~check >>> 0;
}

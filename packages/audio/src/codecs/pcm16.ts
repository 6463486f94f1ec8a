import { alignedCopy } from './byte-order.ts';

/** Samples of 16-bit little-endian PCM; an odd number of bytes is a RangeError. */
export function decodePcm16le(bytes: Uint8Array): Int16Array {
  return new Int16Array(alignedCopy(bytes, 2));
}

/** Samples of 16-bit big-endian (network order, RFC 3551 L16) PCM; an odd number of bytes is a RangeError. */
export function decodePcm16be(bytes: Uint8Array): Int16Array {
  const samples = decodePcm16le(bytes);
  let index = 0;
  for (const sample of samples) {
    samples[index] = (sample << 8) | ((sample >> 8) & 0xff);
    index += 1;
  }
  return samples;
}

/** The samples as 16-bit little-endian bytes, two a sample; a copy. */
export function encodePcm16le(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(samples.length * 2);
  bytes.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  return bytes;
}

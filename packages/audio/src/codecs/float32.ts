import { alignedCopy } from './byte-order.ts';

/**
 * Samples of 32-bit little-endian float audio, full scale +-1, rounded to 16 bit and clamped; NaN and infinities
 * become silence. A length that is no multiple of four is a RangeError.
 */
export function decodeFloat32le(bytes: Uint8Array): Int16Array {
  const values = new Float32Array(alignedCopy(bytes, 4));
  const samples = new Int16Array(values.length);
  let index = 0;
  for (const value of values) {
    samples[index] = Number.isFinite(value) ? clamp(Math.round(value * 32_768)) : 0;
    index += 1;
  }
  return samples;
}

function clamp(value: number): number {
  return Math.max(-32_768, Math.min(32_767, value));
}

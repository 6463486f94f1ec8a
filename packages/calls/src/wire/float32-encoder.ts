import { takeFloats } from '../memory/sample-slab.ts';

const FULL_SCALE = 32_768;

/**
 * The samples as 32-bit little-endian floats in [-1, 1), divided by 32768, which loses nothing; a copy. The byte order is
 * the host's: @earshot/audio refuses any other.
 */
export function encodeFloat32le(samples: Int16Array): Uint8Array {
  const values = takeFloats(samples.length);
  for (let index = 0; index < samples.length; index += 1) {
    values[index] = (samples[index] ?? 0) / FULL_SCALE;
  }
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

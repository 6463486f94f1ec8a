/** The samples as 32-bit little-endian floats in [-1, 1), divided by 32768, which loses nothing; a copy. */
export function encodeFloat32le(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(samples.length * 4);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < samples.length; index += 1) {
    view.setFloat32(index * 4, (samples[index] ?? 0) / 32_768, true);
  }
  return bytes;
}

const FULL_SCALE = 32_768;

/** Samples of -1 to 1 as 16-bit ones; what is beyond full scale is full scale. */
export function pcm16Samples(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (sample) =>
    Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(sample * FULL_SCALE))),
  );
}

/** Whole PCM16LE samples as ones of -1 to 1. */
export function floatSamples(pcm: Uint8Array): Float32Array {
  const view = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  const count = Math.floor(pcm.byteLength / 2);
  return Float32Array.from({ length: count }, (_, at) => view.getInt16(at * 2, true) / FULL_SCALE);
}

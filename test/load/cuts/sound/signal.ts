/** Rate of all sound before a telephone narrows it, Hz. */
export const SAMPLE_RATE = 16_000;

/** A span of samples [start, end). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const FULL_SCALE = 32_768;

/** Amplitude of a level in dB below full scale, on the scale of 16-bit samples. */
export function amplitude(dbov: number): number {
  return FULL_SCALE * 10 ** (dbov / 20);
}

/** Root mean square of the samples in some spans. */
export function rmsOf(samples: Float32Array, spans: readonly Span[]): number {
  let energy = 0;
  let count = 0;
  for (const { start, end } of spans) {
    for (let index = start; index < end; index += 1) energy += samples[index]! ** 2;
    count += end - start;
  }
  return Math.sqrt(energy / Math.max(1, count));
}

/** Scales samples in place so that their root mean square is 1. */
export function toUnitRms(samples: Float32Array): Float32Array {
  const scale = 1 / Math.max(1e-12, rmsOf(samples, [{ start: 0, end: samples.length }]));
  for (let index = 0; index < samples.length; index += 1) samples[index]! *= scale;
  return samples;
}

/** Rounded and clamped to 16 bits; without calls, of which there would be very many. */
export function toPcm(samples: Float32Array): Int16Array {
  const pcm = new Int16Array(samples.length);
  for (let index = 0; index < pcm.length; index += 1) {
    const value = samples[index]!;
    const rounded = (value < 0 ? value - 0.5 : value + 0.5) | 0;
    pcm[index] = rounded < -FULL_SCALE ? -FULL_SCALE : rounded >= FULL_SCALE ? FULL_SCALE - 1 : rounded;
  }
  return pcm;
}

/** A generator of repeatable numbers in [0, 1): a Weyl sequence through a multiplying hash, 32 bits of state. */
export function seededRandom(...seeds: readonly number[]): () => number {
  let state = seeds.reduce((hash, seed) => Math.imul(hash ^ (seed + 0x9e37), 0x85ebca6b) ^ (hash >>> 13), 1);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let value = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    value = Math.imul(value ^ (value >>> 15), 0x735a2d97);
    return ((value ^ (value >>> 15)) >>> 0) / 2 ** 32;
  };
}

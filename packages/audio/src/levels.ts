import { int16At } from './elements.ts';

/** What digital silence reads as, dBFS. */
const SILENCE_DB = -120;

/**
 * RMS level in dB below full scale (a full-scale sine reads -3.01); -120 for digital silence, for anything below, and
 * for no samples.
 */
export function rmsDb(samples: Int16Array): number {
  return energyDb(sumOfSquares(samples, 0, samples.length), samples.length);
}

/** The level, as `rmsDb` gives it, of `count` samples whose squares add up to `energy`. */
export function energyDb(energy: number, count: number): number {
  if (!(energy > 0)) return SILENCE_DB;
  return Math.max(SILENCE_DB, 10 * Math.log10(energy / count / (32_768 * 32_768)));
}

/** Squares of the samples [from, to) added up, two sums at a time, because each addition waits for the one before. */
export function sumOfSquares(samples: Int16Array, from: number, to: number): number {
  let even = 0;
  let odd = 0;
  let index = from;
  for (; index + 1 < to; index += 2) {
    const left = int16At(samples, index);
    const right = int16At(samples, index + 1);
    even += left * left;
    odd += right * right;
  }
  const last = index < to ? int16At(samples, index) : 0;
  return even + odd + last * last;
}

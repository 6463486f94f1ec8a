import { int16At } from './elements.ts';

/** What digital silence reads as, dBFS. */
const SILENCE_DB = -120;

/** RMS level in dB below full scale (a full-scale sine reads -3.01); -120 for digital silence, for anything below, and for no samples. */
export function rmsDb(samples: Int16Array): number {
  return levelDb(sumOfSquares(samples), samples.length);
}

/** The level that `rmsDb` gives, from a sum of squares over `count` samples. */
export function levelDb(squares: number, count: number): number {
  if (squares === 0) return SILENCE_DB;
  return Math.max(SILENCE_DB, 10 * Math.log10(squares / count / (32_768 * 32_768)));
}

/** The energy of the samples, exact for hours of audio; two sums at a time, since each addition waits for the one before. */
export function sumOfSquares(samples: Int16Array): number {
  let even = 0;
  let odd = 0;
  for (let index = 0; index < samples.length; index += 2) {
    const left = int16At(samples, index);
    const right = int16At(samples, index + 1);
    even += left * left;
    odd += right * right;
  }
  return even + odd;
}

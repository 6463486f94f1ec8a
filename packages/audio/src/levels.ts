import { int16At } from './elements.ts';

/** What digital silence reads as, dBFS. */
const SILENCE_DB = -120;

/**
 * RMS level in dB below full scale (a full-scale sine reads -3.01); -120 for digital silence, for anything below, and
 * for no samples.
 */
export function rmsDb(samples: Int16Array): number {
  const sum = sumOfSquares(samples);
  if (sum === 0) return SILENCE_DB;
  return Math.max(SILENCE_DB, 10 * Math.log10(sum / samples.length / (32_768 * 32_768)));
}

/** Two sums at a time, because each addition waits for the one before. */
function sumOfSquares(samples: Int16Array): number {
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

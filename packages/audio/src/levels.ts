/** What digital silence reads as, dBFS. */
const SILENCE_DB = -120;

/** RMS level in dB below full scale (a full-scale sine reads -3.01); -120 for digital silence, for anything below, and for no samples. */
export function rmsDb(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return levelDb(sum, samples.length);
}

/** The level that `rmsDb` gives, from a sum of squares over `count` samples. */
export function levelDb(sumOfSquares: number, count: number): number {
  if (sumOfSquares === 0) return SILENCE_DB;
  return Math.max(SILENCE_DB, 10 * Math.log10(sumOfSquares / count / (32_768 * 32_768)));
}

import { float64At, int16At } from '../../elements.ts';

/** Pitch is looked for at about this rate, Hz, and between these frequencies. */
const PITCH_RATE = 8000;
const LOWEST_HERTZ = 75;
const HIGHEST_HERTZ = 700;
/** Correlation with itself a period later from which sound is a voice. */
const VOICED = 0.6;
/** The shortest period that is nearly as good as the best one is the true one; the others are its multiples. */
const NEARLY = 0.85;

/** The pitch of a probe, Hz, at a rate of 8000 or more; undefined when it is not periodic. */
export function pitchOf(probe: Int16Array, sampleRate: number): number | undefined {
  const step = Math.max(1, Math.round(sampleRate / PITCH_RATE));
  const sound = thinned(probe, step);
  const rate = sampleRate / step;
  const longest = Math.min(sound.length >> 1, Math.floor(rate / LOWEST_HERTZ));
  const correlations = new Float64Array(longest + 2);
  let best = 0;
  for (let lag = Math.ceil(rate / HIGHEST_HERTZ); lag <= longest; lag += 1) {
    const value = correlation(sound, lag);
    correlations[lag] = value;
    best = Math.max(best, value);
  }
  if (best < VOICED) return undefined;
  const lag = correlations.findIndex(
    (value, index) => value > NEARLY * best && value >= float64At(correlations, index + 1),
  );
  return rate / lag;
}

/** Means of so many neighbours each. */
function thinned(samples: Int16Array, step: number): Float64Array {
  const sums = new Float64Array(Math.floor(samples.length / step));
  for (let index = 0; index < sums.length * step; index += 1) {
    const slot = Math.floor(index / step);
    sums[slot] = float64At(sums, slot) + int16At(samples, index) / step;
  }
  return sums;
}

function correlation(sound: Float64Array, lag: number): number {
  let product = 0;
  let first = 0;
  let second = 0;
  for (let index = lag; index < sound.length; index += 1) {
    const early = float64At(sound, index - lag);
    const late = float64At(sound, index);
    product += early * late;
    first += early * early;
    second += late * late;
  }
  return product / (Math.sqrt(first * second) + 1);
}

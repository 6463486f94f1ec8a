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
  const energies = runningEnergies(sound);
  const total = float64At(energies, sound.length);
  let best = 0;
  for (let lag = Math.ceil(rate / HIGHEST_HERTZ); lag <= longest; lag += 1) {
    const early = float64At(energies, sound.length - lag);
    const late = total - float64At(energies, lag);
    const value = productAt(sound, lag) / (Math.sqrt(early * late) + 1);
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
  const means = new Float64Array(Math.floor(samples.length / step));
  let at = 0;
  for (let slot = 0; slot < means.length; slot += 1) {
    let mean = 0;
    for (const end = at + step; at < end; at += 1) mean += int16At(samples, at) / step;
    means[slot] = mean;
  }
  return means;
}

/** Energy before each value, and of all behind the last. */
function runningEnergies(sound: Float64Array): Float64Array {
  const energies = new Float64Array(sound.length + 1);
  let energy = 0;
  for (let index = 0; index < sound.length; index += 1) {
    const value = float64At(sound, index);
    energy += value * value;
    energies[index + 1] = energy;
  }
  return energies;
}

/** The sum of products of all values with those `lag` later, as two sums that do not wait for each other. */
function productAt(sound: Float64Array, lag: number): number {
  let even = 0;
  let odd = 0;
  const pairs = (sound.length - lag) >> 1;
  for (let pair = 0, early = 0, late = lag; pair < pairs; pair += 1) {
    even += float64At(sound, early) * float64At(sound, late);
    odd += float64At(sound, early + 1) * float64At(sound, late + 1);
    early += 2;
    late += 2;
  }
  const isLeft = lag + 2 * pairs < sound.length;
  return even + odd + (isLeft ? float64At(sound, 2 * pairs) * float64At(sound, sound.length - 1) : 0);
}

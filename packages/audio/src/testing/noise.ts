import { seededRandom } from './random.ts';
import type { SpeechLike } from './speech-like.ts';

export type NoiseColour = 'white' | 'pink';

/** Pass bands of the low-pass filters that add up to pink noise, as parts of the sample rate, two octaves apart. */
const PINK_CORNERS = [0.16, 0.04, 0.01, 0.0025, 0.000_625];

/** Noise of RMS 1; pink is the sum of low-passed white noise, four times the power for each two octaves down. */
export function noise(colour: NoiseColour, count: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const filters = PINK_CORNERS.map((corner) => ({
    part: Math.min(1, 2 * Math.PI * corner),
    weight: corner ** -0.5,
    state: 0,
  }));
  const values = new Float64Array(count);
  let energy = 0;
  for (let index = 0; index < count; index += 1) {
    const white = random() + random() + random() - 1.5;
    let value = white;
    if (colour === 'pink') {
      for (const filter of filters) {
        filter.state += filter.part * (white - filter.state);
        value += filter.weight * filter.state;
      }
    }
    values[index] = value;
    energy += value * value;
  }
  const scale = 1 / Math.sqrt(energy / count);
  return values.map((value) => value * scale);
}

/** The speech with noise so far below its phrases, dB; Infinity for none. */
export function withNoise(speech: SpeechLike, colour: NoiseColour, snrDb: number): Int16Array {
  let energy = 0;
  let count = 0;
  for (const { start, end } of speech.phrases) {
    for (const value of speech.samples.subarray(start, end)) energy += value * value;
    count += end - start;
  }
  const level = Math.sqrt(energy / count) * 10 ** (-snrDb / 20);
  const added = noise(colour, speech.samples.length, count);
  return Int16Array.from(speech.samples, (value, index) => toSample(value + level * (added[index] ?? 0)));
}

/** The speech alone, `gainDb` louder than it is. */
export function asSamples(values: Float64Array, gainDb = 0): Int16Array {
  const gain = 10 ** (gainDb / 20);
  return Int16Array.from(values, (value) => toSample(value * gain));
}

/** Rounded and clamped; without calls, since a test environment looks `Math` up anew for every sample. */
function toSample(value: number): number {
  if (value > 32_767) return 32_767;
  if (value < -32_768) return -32_768;
  return (value < 0 ? value - 0.5 : value + 0.5) | 0;
}

import { seededRandom } from './random.ts';

/** How the music goes. */
export interface Tune {
  readonly sampleRate: number;
  readonly seconds: number;
  /** Lowest note, Hz. */
  readonly hertz: number;
  readonly notesPerSecond: number;
  /** Notes that sound together. */
  readonly voices: number;
}

/** A test environment looks `Math` up anew at each use. */
const { exp, sin, PI } = Math;
const SCALE = [0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 17, 19];
const PEAK = 9000;
const HARMONICS = [1, 0.5, 0.3, 0.15];

/** Plucked notes of a major scale with four harmonics, drawn at random. */
export function holdMusic(tune: Tune, seed: number): Float64Array {
  const random = seededRandom(seed);
  const samples = new Float64Array(Math.round(tune.seconds * tune.sampleRate));
  const length = Math.round(tune.sampleRate / tune.notesPerSecond);
  for (let start = 0; start < samples.length; start += length) {
    for (let voice = 0; voice < tune.voices; voice += 1) {
      const step = SCALE[Math.floor(random() * SCALE.length)] ?? 0;
      pluck(samples, { start, length, hertz: tune.hertz * 2 ** (step / 12), tune });
    }
  }
  return samples;
}

interface Note {
  readonly start: number;
  readonly length: number;
  readonly hertz: number;
  readonly tune: Tune;
}

function pluck(samples: Float64Array, { start, length, hertz, tune }: Note): void {
  const end = Math.min(samples.length, start + 2 * length);
  for (let index = start; index < end; index += 1) {
    const seconds = (index - start) / tune.sampleRate;
    const loudness = (PEAK / tune.voices) * (seconds < 0.005 ? seconds * 200 : 1) * exp(-3 * seconds);
    for (const [order, weight] of HARMONICS.entries()) {
      const turns = seconds * hertz * (order + 1);
      samples[index] = (samples[index] ?? 0) + loudness * weight * sin(2 * PI * turns);
    }
  }
}

import { float64At } from '../elements.ts';
import { BAND_COUNT, HaarPyramid } from './haar-pyramid.ts';
import { NoiseFloor } from './noise-floor.ts';
import type { SpeechDetector } from './speech-detector.ts';

const MIN_SAMPLE_RATE = 8000;
const MAX_SAMPLE_RATE = 48_000;
const FRAMES_PER_SECOND = 50;
/** Most that one band may add to the log-likelihood ratio, so that none decides alone. */
const BAND_CAP = 12;
/** Log-likelihood ratio at which the score is one half. */
const THETA = 6;
/** What is left of a score a frame later, so that closures inside words are no pauses. */
const HOLD = 0.3;
/** A frame this much weaker than the recent peak is no speech: 40 dB. */
const PEAK_RATIO = 1e-4;
/** How fast the recent peak is forgotten, per frame: 1 dB a second. */
const PEAK_DECAY = 10 ** (-0.1 / FRAMES_PER_SECOND);

/**
 * A detector that compares the energy in five octave bands with the noise there, in frames of 20 ms.
 * `sampleRate` is 8000 to 48000 Hz (RangeError); about 2 kB of state, nothing is allocated per frame.
 */
export function createFiveBandDetector(sampleRate: number): SpeechDetector {
  if (!Number.isInteger(sampleRate) || sampleRate < MIN_SAMPLE_RATE || sampleRate > MAX_SAMPLE_RATE) {
    throw new RangeError(
      `Speech can be told at ${MIN_SAMPLE_RATE} to ${MAX_SAMPLE_RATE} Hz, not ${sampleRate} Hz.`,
    );
  }
  return new FiveBandDetector(sampleRate);
}

class FiveBandDetector implements SpeechDetector {
  readonly frameSamples: number;
  readonly #pyramid: HaarPyramid;
  readonly #floors: readonly NoiseFloor[] = Array.from({ length: BAND_COUNT }, () => new NoiseFloor());
  #peak = 0;
  #held = 0;

  constructor(sampleRate: number) {
    this.frameSamples = Math.round(sampleRate / FRAMES_PER_SECOND);
    this.#pyramid = new HaarPyramid(sampleRate, this.frameSamples);
  }

  push(frame: Int16Array): number {
    this.#pyramid.measure(frame);
    const { energies } = this.#pyramid;
    let total = 0;
    let ratio = 0;
    for (const [band, floor] of this.#floors.entries()) {
      const energy = float64At(energies, band);
      floor.bound(energy);
      total += energy;
      ratio += this.#evidence(band, energy / floor.level);
    }
    this.#peak = Math.max(total, this.#peak * PEAK_DECAY);
    const score = total < this.#peak * PEAK_RATIO ? 0 : ratio / (ratio + THETA);
    for (const [band, floor] of this.#floors.entries()) floor.follow(float64At(energies, band), score);
    this.#held = Math.max(score, this.#held * HOLD);
    return this.#held;
  }

  /** Log-likelihood ratio of "louder than the noise" for a band whose energy is `gain` times the noise. */
  #evidence(band: number, gain: number): number {
    if (gain <= 1) return 0;
    return Math.min(BAND_CAP, ((this.#pyramid.counts[band] ?? 0) / 2) * (gain - 1 - Math.log(gain)));
  }
}

import { float64At } from '../elements.ts';
import { Bands } from './bands.ts';
import { HaarPyramid } from './haar-pyramid.ts';
import type { Spectrum, SpeechDetector } from './speech-detector.ts';

const MIN_SAMPLE_RATE = 8000;
const MAX_SAMPLE_RATE = 48_000;
const FRAMES_PER_SECOND = 50;
/** Log-likelihood ratio at which the score is one half. */
const THETA = 5;
/** How far a score may fall from frame to frame, so that closures inside words are no pauses. */
const FALL = 0.3;
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
  readonly spectrum: Spectrum;
  readonly #pyramid: HaarPyramid;
  readonly #bands: Bands;
  #peak = 0;
  #score = 0;

  constructor(sampleRate: number) {
    this.frameSamples = Math.round(sampleRate / FRAMES_PER_SECOND);
    this.#pyramid = new HaarPyramid(sampleRate, this.frameSamples);
    this.spectrum = this.#pyramid;
    this.#bands = new Bands(this.#pyramid.counts);
  }

  push(frame: Int16Array): number {
    return this.pushFrom(frame, 0);
  }

  pushFrom(samples: Int16Array, from: number): number {
    this.#pyramid.measure(samples, from);
    const { energies } = this.#pyramid;
    let total = 0;
    for (let band = 0; band < energies.length; band += 1) total += float64At(energies, band);
    const evidence = this.#bands.evidence(energies);
    this.#peak = Math.max(total, this.#peak * PEAK_DECAY);
    const score = total < this.#peak * PEAK_RATIO ? 0 : evidence / (evidence + THETA);
    this.#bands.learn(energies, score);
    this.#score = Math.max(score, this.#score - FALL);
    return this.#score;
  }
}

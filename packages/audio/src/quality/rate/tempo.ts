import { float64At, int16At } from '../../elements.ts';

/** Loudness is taken in steps of 20 ms, of one sample in four. */
const STEP_SECONDS = 0.02;
const STRIDE = 4;
/** Steps whose spectrum is taken together: 2.56 s. */
const STEPS = 128;
/** Stretches below this RMS are not measured. */
const LEAST_LOUDNESS = 50;
/** A step this much weaker than the stretch is a gap between sounds. */
const GAP_PART = 0.3;
/** One period of a cosine in as many steps, a power of two. */
const COSINES = Float64Array.from({ length: STEPS }, (_, index) => Math.cos((2 * Math.PI * index) / STEPS));
/** Bins of that spectrum from 1.2 to 24 Hz. */
const FIRST_BIN = 3;
const LAST_BIN = 61;

/**
 * Measures how fast loudness comes and goes: the mean frequency of its changes from 1.2 to 24 Hz, weighted by their
 * power. Syllables make it 3 to 6 Hz in speech.
 */
export class Tempo {
  /** Stretches measured so far. */
  stretches = 0;
  #gaps = 0;
  readonly #stepSamples: number;
  readonly #loudness = new Float64Array(STEPS);
  #step = 0;
  #left: number;
  #energy = 0;
  #power = 0;
  #weighted = 0;

  constructor(sampleRate: number) {
    this.#stepSamples = Math.round((STEP_SECONDS * sampleRate) / STRIDE);
    this.#left = this.#stepSamples;
  }

  /** The mean frequency, Hz; 0 while nothing is known. */
  get hertz(): number {
    return this.#power > 0 ? this.#weighted / this.#power : 0;
  }

  /** Part of the time that lies in gaps between sounds. */
  get gapShare(): number {
    return this.stretches > 0 ? this.#gaps / (this.stretches * STEPS) : 0;
  }

  push(samples: Int16Array): void {
    let energy = this.#energy;
    let left = this.#left;
    for (let index = 0; index < samples.length; ) {
      const end = Math.min(samples.length, index + left * STRIDE);
      // Whole numbers, so that the order of the sums does not matter; four at once wait less for each other.
      for (; index + 3 * STRIDE < end; index += 4 * STRIDE) {
        const first = int16At(samples, index);
        const second = int16At(samples, index + STRIDE);
        const third = int16At(samples, index + 2 * STRIDE);
        const fourth = int16At(samples, index + 3 * STRIDE);
        energy += first * first + second * second + (third * third + fourth * fourth);
        left -= 4;
      }
      for (; index < end; index += STRIDE) {
        energy += int16At(samples, index) ** 2;
        left -= 1;
      }
      if (left > 0) break;
      this.#closeStep(energy);
      energy = 0;
      left = this.#stepSamples;
    }
    this.#energy = energy;
    this.#left = left;
  }

  #closeStep(energy: number): void {
    this.#loudness[this.#step] = Math.sqrt(energy / this.#stepSamples);
    this.#step += 1;
    if (this.#step === STEPS) this.#closeStretch();
  }

  #closeStretch(): void {
    this.#step = 0;
    if (this.#loudness.every((loudness) => loudness < LEAST_LOUDNESS)) return;
    for (let bin = FIRST_BIN; bin <= LAST_BIN; bin += 1) {
      let real = 0;
      let imaginary = 0;
      let angle = 0;
      for (let index = 0; index < STEPS; index += 1) {
        const loudness = float64At(this.#loudness, index);
        real += loudness * float64At(COSINES, angle);
        imaginary += loudness * float64At(COSINES, (angle + STEPS / 4) & (STEPS - 1));
        angle = (angle + bin) & (STEPS - 1);
      }
      const power = real * real + imaginary * imaginary;
      this.#power += power;
      this.#weighted += (power * bin) / (STEPS * STEP_SECONDS);
    }
    const total = this.#loudness.reduce((sum, loudness) => sum + loudness, 0);
    this.#gaps += this.#loudness.filter((loudness) => loudness < (GAP_PART * total) / STEPS).length;
    this.stretches += 1;
  }
}

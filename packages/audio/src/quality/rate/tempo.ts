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
  readonly #cosines = Float64Array.from({ length: STEPS }, (_, index) =>
    Math.cos((2 * Math.PI * index) / STEPS),
  );
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
    for (let index = 0; index < samples.length; index += STRIDE) {
      const sample = int16At(samples, index);
      this.#energy += sample * sample;
      this.#left -= 1;
      if (this.#left === 0) this.#closeStep();
    }
  }

  #closeStep(): void {
    this.#loudness[this.#step] = Math.sqrt(this.#energy / this.#stepSamples);
    this.#step += 1;
    this.#left = this.#stepSamples;
    this.#energy = 0;
    if (this.#step === STEPS) this.#closeStretch();
  }

  #closeStretch(): void {
    this.#step = 0;
    if (this.#loudness.every((loudness) => loudness < LEAST_LOUDNESS)) return;
    for (let bin = FIRST_BIN; bin <= LAST_BIN; bin += 1) {
      let real = 0;
      let imaginary = 0;
      for (let index = 0; index < STEPS; index += 1) {
        const loudness = float64At(this.#loudness, index);
        real += loudness * float64At(this.#cosines, (bin * index) % STEPS);
        imaginary += loudness * float64At(this.#cosines, (bin * index + STEPS / 4) % STEPS);
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

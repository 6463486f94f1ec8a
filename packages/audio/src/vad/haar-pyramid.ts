import { float64At, int16At } from '../elements.ts';

/** Octave bands that a frame is split into. */
const BAND_COUNT = 5;

/** Rate at which the first band of the pyramid is 4 to 8 kHz. */
const BASE_RATE = 16_000;

/**
 * Splits frames into five octave bands with sums and differences of neighbours (the Haar wavelet): 4-8 kHz down to
 * 250-500 Hz at 16 kHz. At other rates the bands lie as near to that as whole octaves allow.
 */
export class HaarPyramid {
  /** Mean energy of the bands of the last frame, the highest first, as mean squares on the scale of its samples. */
  readonly energies = new Float64Array(BAND_COUNT);
  /** Independent values behind each energy. */
  readonly counts: readonly number[];
  readonly #skip: number;
  readonly #sums: Float64Array;

  constructor(sampleRate: number, frameSamples: number) {
    this.#skip = Math.max(0, Math.round(Math.log2(sampleRate / BASE_RATE)));
    this.#sums = new Float64Array(frameSamples >> 1);
    this.counts = Array.from({ length: BAND_COUNT }, (_, band) => frameSamples >> (this.#skip + band + 1));
  }

  /** Sets `energies` from one frame. */
  measure(frame: Int16Array): void {
    let count = frame.length >> 1;
    let scale = 2;
    this.#keep(0, this.#splitFrame(frame, count) / (count * scale));
    for (let level = 1; level < this.#skip + BAND_COUNT; level += 1) {
      count >>= 1;
      scale *= 2;
      this.#keep(level, this.#splitSums(count) / (count * scale));
    }
  }

  #keep(level: number, energy: number): void {
    if (level >= this.#skip) this.energies[level - this.#skip] = energy;
  }

  #splitFrame(frame: Int16Array, count: number): number {
    let energy = 0;
    for (let index = 0; index < count; index += 1) {
      const left = int16At(frame, 2 * index);
      const right = int16At(frame, 2 * index + 1);
      energy += (left - right) * (left - right);
      this.#sums[index] = left + right;
    }
    return energy;
  }

  #splitSums(count: number): number {
    let energy = 0;
    for (let index = 0; index < count; index += 1) {
      const left = float64At(this.#sums, 2 * index);
      const right = float64At(this.#sums, 2 * index + 1);
      energy += (left - right) * (left - right);
      this.#sums[index] = left + right;
    }
    return energy;
  }
}

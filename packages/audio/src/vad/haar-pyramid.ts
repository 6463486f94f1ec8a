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
  /** Sum of the squares of the samples of the last frame. */
  energy = 0;
  /** Independent values behind each energy. */
  readonly counts: readonly number[];
  readonly #skip: number;
  readonly #sums: Float64Array;

  constructor(sampleRate: number, frameSamples: number) {
    this.#skip = Math.max(0, Math.round(Math.log2(sampleRate / BASE_RATE)));
    this.#sums = new Float64Array(frameSamples >> 1);
    this.counts = Array.from({ length: BAND_COUNT }, (_, band) => frameSamples >> (this.#skip + band + 1));
  }

  /** Sets `energies` and `energy` from one frame. What the levels leave over adds up to the latter, exactly. */
  measure(frame: Int16Array): void {
    let length = frame.length;
    let scale = 2;
    const first = this.#splitFrame(frame, length >> 1);
    this.#keep(0, first / ((length >> 1) * scale));
    let energy = first / scale + (length % 2 === 1 ? int16At(frame, length - 1) ** 2 : 0);
    for (let level = 1; level < this.#skip + BAND_COUNT; level += 1) {
      length >>= 1;
      if (length % 2 === 1) energy += float64At(this.#sums, length - 1) ** 2 / scale;
      scale *= 2;
      const differences = this.#splitSums(length >> 1);
      this.#keep(level, differences / ((length >> 1) * scale));
      energy += differences / scale;
    }
    length >>= 1;
    for (let index = 0; index < length; index += 1) energy += float64At(this.#sums, index) ** 2 / scale;
    this.energy = energy;
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

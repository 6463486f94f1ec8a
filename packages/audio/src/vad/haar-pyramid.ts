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
  readonly #frameSamples: number;
  readonly #skip: number;
  readonly #sums: Float64Array;

  constructor(sampleRate: number, frameSamples: number) {
    this.#frameSamples = frameSamples;
    this.#skip = Math.max(0, Math.round(Math.log2(sampleRate / BASE_RATE)));
    this.#sums = new Float64Array(frameSamples >> 1);
    this.counts = Array.from({ length: BAND_COUNT }, (_, band) => frameSamples >> (this.#skip + band + 1));
  }

  /**
   * Sets `energies` and `energy` from the frame that starts at a place of some samples, which need not be copied for that.
   * What the levels leave over adds up to the latter, exactly.
   */
  measure(samples: Int16Array, from = 0): void {
    this.energy = 0;
    const length = this.#frameSamples;
    if (length % 8 === 0) {
      this.#splitThrice(samples, from);
      this.#splitOn(length >> 3, 3);
    } else {
      if (length % 2 === 1) this.energy += int16At(samples, from + length - 1) ** 2;
      this.#keep(0, this.#splitFrame(samples, from, length >> 1), length >> 1);
      this.#splitOn(length >> 1, 1);
    }
  }

  /** Splits the first `length` sums, of which there are so many levels above, until no band is left. */
  #splitOn(count: number, above: number): void {
    let length = count;
    for (let level = above; level < this.#skip + BAND_COUNT; level += 1) {
      if (length % 2 === 1) this.energy += float64At(this.#sums, length - 1) ** 2 / 2 ** level;
      length >>= 1;
      this.#keep(level, this.#splitSums(length), length);
    }
    const scale = 2 ** (this.#skip + BAND_COUNT);
    for (let index = 0; index < length; index += 1) this.energy += float64At(this.#sums, index) ** 2 / scale;
  }

  /** Counts the energy of `count` differences of a level. */
  #keep(level: number, energy: number, count: number): void {
    const scale = 2 ** (level + 1);
    this.energy += energy / scale;
    if (level >= this.#skip) this.energies[level - this.#skip] = energy / (count * scale);
  }

  /** Splits a frame three times at once, eight samples at a time, so that only the last sums are written down. */
  #splitThrice(samples: Int16Array, from: number): void {
    const count = this.#frameSamples >> 3;
    let first = 0;
    let second = 0;
    let third = 0;
    for (let index = 0; index < count; index += 1) {
      const at = from + 8 * index;
      const a = int16At(samples, at);
      const b = int16At(samples, at + 1);
      const c = int16At(samples, at + 2);
      const d = int16At(samples, at + 3);
      const e = int16At(samples, at + 4);
      const f = int16At(samples, at + 5);
      const g = int16At(samples, at + 6);
      const h = int16At(samples, at + 7);
      first += square(a - b) + square(c - d) + square(e - f) + square(g - h);
      const left = a + b + c + d;
      const right = e + f + g + h;
      second += square(a + b - c - d) + square(e + f - g - h);
      third += square(left - right);
      this.#sums[index] = left + right;
    }
    this.#keep(0, first, 4 * count);
    this.#keep(1, second, 2 * count);
    this.#keep(2, third, count);
  }

  #splitFrame(samples: Int16Array, from: number, count: number): number {
    let energy = 0;
    for (let index = 0; index < count; index += 1) {
      const left = int16At(samples, from + 2 * index);
      const right = int16At(samples, from + 2 * index + 1);
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

const square = (value: number): number => value * value;

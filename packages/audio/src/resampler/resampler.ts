import { float64At, int16At } from '../elements.ts';
import { designFilter, type PolyphaseFilter } from './sinc-filter.ts';

/** Changes the sample rate of one signal; the output does not depend on how the input is split over calls. */
export interface Resampler {
  /** Takes samples and gives what can be computed by now. */
  push(samples: Int16Array): Int16Array;
  /** Ends the signal and gives the rest, n x toRate / fromRate samples in all (rounded up); then starts anew. */
  flush(): Int16Array;
}

/**
 * A windowed-sinc polyphase resampler without delay: output 0 lies on input 0. Rates are whole Hz (RangeError).
 * Passes up to 0.82 of the lower Nyquist frequency and holds what would alias about 70 dB down.
 */
export function createResampler(fromRate: number, toRate: number): Resampler {
  for (const rate of [fromRate, toRate]) {
    if (!Number.isInteger(rate) || rate < 1) throw new RangeError(`${rate} Hz is not a sample rate.`);
  }
  if (fromRate === toRate) return { push: (samples) => samples.slice(), flush: () => new Int16Array(0) };
  return new PolyphaseResampler(fromRate, toRate);
}

class PolyphaseResampler implements Resampler {
  readonly #filter: PolyphaseFilter;
  /** Output positions advance by `step` / `phases` input samples. */
  readonly #phases: number;
  readonly #step: number;
  #tail: Int16Array;
  /** Index in the tail and phase of the next output's place. */
  #index = 0;
  #phase = 0;

  constructor(fromRate: number, toRate: number) {
    const divisor = greatestCommonDivisor(fromRate, toRate);
    this.#phases = toRate / divisor;
    this.#step = fromRate / divisor;
    this.#filter = designFilter(this.#phases, toRate / fromRate);
    this.#tail = new Int16Array(this.#filter.taps / 2 - 1);
  }

  push(samples: Int16Array): Int16Array {
    const input = new Int16Array(this.#tail.length + samples.length);
    input.set(this.#tail);
    input.set(samples, this.#tail.length);
    const ready = input.length - this.#filter.taps + 1 - this.#index;
    const output = new Int16Array(Math.max(0, Math.ceil((ready * this.#phases - this.#phase) / this.#step)));
    this.#fill(output, input);
    const keepFrom = Math.min(this.#index, input.length);
    this.#tail = input.slice(keepFrom);
    this.#index -= keepFrom;
    return output;
  }

  flush(): Int16Array {
    const rest = this.push(new Int16Array(this.#filter.taps / 2));
    this.#tail = new Int16Array(this.#filter.taps / 2 - 1);
    this.#index = 0;
    this.#phase = 0;
    return rest;
  }

  #fill(output: Int16Array, input: Int16Array): void {
    const { taps, coefficients } = this.#filter;
    for (let index = 0; index < output.length; index += 1) {
      const row = this.#phase * taps;
      let sum = 0;
      for (let tap = 0; tap < taps; tap += 1) {
        sum += int16At(input, this.#index + tap) * float64At(coefficients, row + tap);
      }
      output[index] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
      this.#phase += this.#step;
      this.#index += Math.floor(this.#phase / this.#phases);
      this.#phase %= this.#phases;
    }
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

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
  /** What a call begins with, and behind it room for what it brings; floats, so that no sample is converted once a tap. */
  #window = new Float64Array(0);
  /** Samples that stay in the window from call to call. */
  #kept: number;
  /** Index in the tail and phase of the next output's place. */
  #index = 0;
  #phase = 0;

  constructor(fromRate: number, toRate: number) {
    const divisor = greatestCommonDivisor(fromRate, toRate);
    this.#phases = toRate / divisor;
    this.#step = fromRate / divisor;
    this.#filter = designFilter(this.#phases, toRate / fromRate);
    this.#kept = this.#filter.taps / 2 - 1;
  }

  push(samples: Int16Array): Int16Array {
    const input = this.#windowOf(this.#kept + samples.length);
    for (let index = 0; index < samples.length; index += 1) {
      input[this.#kept + index] = int16At(samples, index);
    }
    const length = this.#kept + samples.length;
    const ready = length - this.#filter.taps + 1 - this.#index;
    const output = new Int16Array(Math.max(0, Math.ceil((ready * this.#phases - this.#phase) / this.#step)));
    this.#fill(output, input);
    const keepFrom = Math.min(this.#index, length);
    input.copyWithin(0, keepFrom, length);
    this.#kept = length - keepFrom;
    this.#index -= keepFrom;
    return output;
  }

  flush(): Int16Array {
    const rest = this.push(new Int16Array(this.#filter.taps / 2));
    this.#kept = this.#filter.taps / 2 - 1;
    this.#window.fill(0);
    this.#index = 0;
    this.#phase = 0;
    return rest;
  }

  /** The window with room for so many samples, what was kept at its start. */
  #windowOf(samples: number): Float64Array {
    if (this.#window.length < samples) {
      const larger = new Float64Array(samples);
      larger.set(this.#window.subarray(0, this.#kept));
      this.#window = larger;
    }
    return this.#window;
  }

  #fill(output: Int16Array, input: Float64Array): void {
    for (let index = 0; index < output.length; index += 1) {
      const sum = filtered(this.#filter, this.#phase, { input, from: this.#index });
      output[index] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
      this.#phase += this.#step;
      this.#index += Math.floor(this.#phase / this.#phases);
      this.#phase %= this.#phases;
    }
  }
}

/** One output. Four sums, so that none waits for the one before it. */
function filtered(
  { taps, coefficients }: PolyphaseFilter,
  phase: number,
  { input, from }: { readonly input: Float64Array; readonly from: number },
): number {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  let at = from;
  for (let tap = phase * taps, end = tap + taps; tap < end; tap += 4, at += 4) {
    first += float64At(input, at) * float64At(coefficients, tap);
    second += float64At(input, at + 1) * float64At(coefficients, tap + 1);
    third += float64At(input, at + 2) * float64At(coefficients, tap + 2);
    fourth += float64At(input, at + 3) * float64At(coefficients, tap + 3);
  }
  return first + second + (third + fourth);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

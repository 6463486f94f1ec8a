import { int16At } from '../elements.ts';

/** Time from one probe to the next, no divisor of a second, so that what repeats each second is met at all its parts. */
const PROBE_EVERY_SECONDS = 0.93;
const PROBE_SECONDS = 0.032;

/** Takes a short stretch of a track about once a second, so that little of it has to be looked at. */
export class ProbeTaker {
  /** The stretch, 32 ms of consecutive samples; to be read when `take` has just completed it. */
  readonly samples: Int16Array;
  readonly #skip: number;
  #left: number;
  #filled = 0;

  constructor(sampleRate: number) {
    this.samples = new Int16Array(Math.round(PROBE_SECONDS * sampleRate));
    this.#skip = Math.round(PROBE_EVERY_SECONDS * sampleRate) - this.samples.length;
    this.#left = this.#skip;
  }

  /** Whether the last call completed the stretch. */
  get isComplete(): boolean {
    return this.#filled === this.samples.length;
  }

  /** Takes samples from an index on, up to the end of the stretch at most; gives the index of the first not taken. */
  take(from: Int16Array, start: number): number {
    if (this.isComplete) this.#filled = 0;
    const skipped = Math.min(this.#left, from.length - start);
    this.#left -= skipped;
    if (this.#left > 0) return from.length;
    let index = start + skipped;
    const end = Math.min(from.length, index + this.samples.length - this.#filled);
    for (; index < end; index += 1) {
      this.samples[this.#filled] = int16At(from, index);
      this.#filled += 1;
    }
    if (this.isComplete) this.#left = this.#skip;
    return end;
  }
}

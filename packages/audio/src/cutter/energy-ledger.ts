import { float64At } from '../elements.ts';
import { sumOfSquares } from '../levels.ts';

/**
 * Knows the energy (sum of squares) of a track from a moving start to any place in the recent past; exactly so at each
 * half of a frame, where most cuts lie, and as if evenly spread in between.
 */
export class EnergyLedger {
  readonly #frameSamples: number;
  readonly #firstHalf: number;
  /** Energy before each half frame, in the slot of its number. */
  readonly #before: Float64Array;
  #origin: number;
  #halves = 0;
  #total = 0;

  /** Remembers `frames` frames of a track that starts at `origin`. */
  constructor(frameSamples: number, frames: number, origin: number) {
    this.#frameSamples = frameSamples;
    this.#firstHalf = Math.floor(frameSamples / 2);
    this.#before = new Float64Array(2 * frames);
    this.#origin = origin;
  }

  /** Adds a frame and gives its energy. */
  push(frame: Int16Array): number {
    const first = sumOfSquares(frame, 0, this.#firstHalf);
    const second = sumOfSquares(frame, this.#firstHalf, this.#frameSamples);
    this.#before[this.#halves % this.#before.length] = this.#total;
    this.#before[(this.#halves + 1) % this.#before.length] = this.#total + first;
    this.#halves += 2;
    this.#total += first + second;
    return first + second;
  }

  /** Energy from the start to a position, which is not behind the last frame. */
  until(position: number): number {
    const frame = Math.floor((position - this.#origin) / this.#frameSamples);
    const into = position - this.#origin - frame * this.#frameSamples;
    if (into < this.#firstHalf) return this.#within(2 * frame, into / this.#firstHalf);
    const part = (into - this.#firstHalf) / (this.#frameSamples - this.#firstHalf);
    return this.#within(2 * frame + 1, part);
  }

  /** Counts from a position on, to which the energy so far is `energy`. */
  startAfter(energy: number): void {
    for (const [slot, before] of this.#before.entries()) this.#before[slot] = before - energy;
    this.#total -= energy;
  }

  /** Forgets everything; the next frame starts at `origin`, which is the new start. */
  restart(origin: number): void {
    this.#origin = origin;
    this.#halves = 0;
    this.#total = 0;
  }

  #within(half: number, part: number): number {
    const before = this.#beforeHalf(half);
    return part === 0 ? before : before + part * (this.#beforeHalf(half + 1) - before);
  }

  #beforeHalf(half: number): number {
    return half >= this.#halves ? this.#total : float64At(this.#before, half % this.#before.length);
  }
}

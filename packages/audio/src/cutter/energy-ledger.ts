import { float64At } from '../elements.ts';

/**
 * Knows the energy (sum of squares) of a track from a moving start to any place in the recent past; exactly so at the
 * edges of frames, where most cuts lie, and as if evenly spread in between.
 */
export class EnergyLedger {
  readonly #frameSamples: number;
  /** Energy before each frame, in the slot of its number. */
  readonly #before: Float64Array;
  #origin: number;
  #frames = 0;
  #total = 0;

  /** Remembers `frames` frames of a track that starts at `origin`. */
  constructor(frameSamples: number, frames: number, origin: number) {
    this.#frameSamples = frameSamples;
    this.#before = new Float64Array(frames);
    this.#origin = origin;
  }

  /** Adds the energy of a frame. */
  push(energy: number): void {
    this.#before[this.#frames % this.#before.length] = this.#total;
    this.#frames += 1;
    this.#total += energy;
  }

  /** Energy from the start to a position, which is not behind the last frame. */
  until(position: number): number {
    const frame = Math.floor((position - this.#origin) / this.#frameSamples);
    const part = (position - this.#origin) / this.#frameSamples - frame;
    const before = this.#beforeFrame(frame);
    return part === 0 ? before : before + part * (this.#beforeFrame(frame + 1) - before);
  }

  /** Counts from a position on, to which the energy so far is `energy`. */
  startAfter(energy: number): void {
    for (let slot = 0; slot < this.#before.length; slot += 1) {
      this.#before[slot] = float64At(this.#before, slot) - energy;
    }
    this.#total -= energy;
  }

  /** Forgets everything; the next frame starts at `origin`, which is the new start. */
  restart(origin: number): void {
    this.#origin = origin;
    this.#frames = 0;
    this.#total = 0;
  }

  #beforeFrame(frame: number): number {
    return frame >= this.#frames ? this.#total : float64At(this.#before, frame % this.#before.length);
  }
}

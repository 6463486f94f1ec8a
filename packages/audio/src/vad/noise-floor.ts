/** Windows whose minima bound the estimate, and frames in each: about 6 s at 20 ms a frame. */
const WINDOWS = 8;
const WINDOW_FRAMES = 40;
/** Part of the way that the smoothed energy goes towards each new energy. */
const SMOOTHING = 0.4;
/** Part of the way that the estimate goes up towards an energy that is surely noise, and down to a lower one. */
const RISING = 0.05;
const FALLING = 0.5;
/** The estimate lies between the recent minimum and so many times that. */
const HIGHEST = 6;
/** Quietest noise assumed, mean square: the rounding of 16-bit samples. */
const LEAST_NOISE = 0.5;

/**
 * Estimates the noise in one band: follows what is likely not speech, bounded by the recent minimum. That is the second
 * lowest of the windows' minima, so that one short dropout does not pass for the noise of the next six seconds.
 */
export class NoiseFloor {
  /** The estimate, as a mean square; at least `LEAST_NOISE`. */
  level = LEAST_NOISE;
  /** Minima of the windows before this one, the oldest overwritten first. */
  readonly #minima = new Float64Array(WINDOWS - 1).fill(Infinity);
  #windows = 0;
  #lowest = Infinity;
  #secondLowest = Infinity;
  /** Minimum of this window and frames in it. */
  #current = Infinity;
  #frames = 0;
  #smoothed = -1;

  /** Takes the energy of a frame that is speech with the given probability; comes after `bound`. */
  follow(energy: number, speech: number): void {
    const noise = 1 - speech;
    const step = energy < this.level ? FALLING : RISING * noise * noise;
    const minimum = this.#minimum();
    const level = Math.min(this.level + step * (energy - this.level), HIGHEST * minimum);
    this.level = Math.max(LEAST_NOISE, minimum, level);
  }

  /** Takes the energy of a frame into the bounds. */
  bound(energy: number): void {
    this.#smoothed = this.#smoothed < 0 ? energy : this.#smoothed + SMOOTHING * (energy - this.#smoothed);
    this.#current = Math.min(this.#current, this.#smoothed);
    this.level = Math.max(this.level, this.#minimum());
    this.#frames += 1;
    if (this.#frames === WINDOW_FRAMES) this.#closeWindow();
  }

  /** The second lowest minimum, counting this window's; the lowest while two windows are not full. */
  #minimum(): number {
    if (this.#windows < 2) return Math.min(this.#lowest, this.#current);
    return Math.max(this.#lowest, Math.min(this.#secondLowest, this.#current));
  }

  #closeWindow(): void {
    this.#minima[this.#windows % this.#minima.length] = this.#current;
    this.#windows += 1;
    this.#frames = 0;
    this.#current = Infinity;
    this.#lowest = Infinity;
    this.#secondLowest = Infinity;
    for (const minimum of this.#minima) {
      this.#secondLowest = Math.min(this.#secondLowest, Math.max(this.#lowest, minimum));
      this.#lowest = Math.min(this.#lowest, minimum);
    }
  }
}

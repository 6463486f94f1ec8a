import { float64At } from '../elements.ts';

/** Windows whose minima bound the estimate, and frames in each: about 6 s at 20 ms a frame. */
const WINDOWS = 8;
const WINDOW_FRAMES = 40;
/** Part of the way that the smoothed energy goes towards each new energy. */
const SMOOTHING = 0.3;
/** Part of the way that the estimate goes towards an energy that is surely noise. */
const FOLLOWING = 0.05;
/** Part of the way that it goes down to a lower energy. */
const FALLING = 0.5;
/** The estimate lies between the recent minimum and so many times that. */
const HIGHEST = 6;
/** Quietest noise assumed, mean square; a little above the rounding of 16-bit samples. */
const LEAST_NOISE = 0.5;

/** Estimates the noise in one band: follows what is likely not speech, bounded by the minimum of some seconds. */
export class NoiseFloor {
  /** The estimate, as a mean square; at least `LEAST_NOISE`. */
  level = LEAST_NOISE;
  readonly #minima = new Float64Array(WINDOWS).fill(Infinity);
  #window = 0;
  #frames = 0;
  #smoothed = -1;
  #lowest = Infinity;

  /** Takes the energy of a frame that is speech with the given probability. */
  follow(energy: number, speech: number): void {
    const noise = 1 - speech;
    const step = energy < this.level ? FALLING : FOLLOWING * noise * noise;
    this.level = Math.min(this.level + step * (energy - this.level), HIGHEST * this.#lowest);
    this.level = Math.max(LEAST_NOISE, this.#lowest, this.level);
  }

  /** Takes the energy of a frame into the bounds; comes before `follow`. */
  bound(energy: number): void {
    this.#smoothed = this.#smoothed < 0 ? energy : this.#smoothed + SMOOTHING * (energy - this.#smoothed);
    this.#minima[this.#window] = Math.min(float64At(this.#minima, this.#window), this.#smoothed);
    this.#lowest = Math.min(this.#lowest, this.#smoothed);
    this.#frames += 1;
    if (this.#frames === WINDOW_FRAMES) this.#nextWindow();
    this.level = Math.max(this.level, this.#lowest);
  }

  #nextWindow(): void {
    this.#frames = 0;
    this.#window = (this.#window + 1) % WINDOWS;
    this.#minima[this.#window] = Infinity;
    this.#lowest = Infinity;
    for (const minimum of this.#minima) this.#lowest = Math.min(this.#lowest, minimum);
  }
}

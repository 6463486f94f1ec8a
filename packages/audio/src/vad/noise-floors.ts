import { float64At } from '../elements.ts';

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

/** What is kept of each band, by place: the estimate, bounds of it, and behind them the minima of the windows before. */
const LEVEL = 0;
const LOWEST = 1;
const SECOND_LOWEST = 2;
const CURRENT = 3;
const SMOOTHED = 4;
const MINIMA = 5;
const STRIDE = MINIMA + WINDOWS - 1;

/**
 * Estimates the noise in some bands: follows what is likely not speech, bounded by the recent minimum. That is the second
 * lowest of the windows' minima, so that one short dropout does not pass for the noise of the next six seconds. The numbers
 * of all bands lie in one array, since there are thousands of tracks.
 */
export class NoiseFloors {
  readonly #state: Float64Array;
  readonly #bands: number;
  #windows = 0;
  #frames = 0;

  constructor(bands: number) {
    this.#bands = bands;
    this.#state = new Float64Array(bands * STRIDE).fill(Infinity);
    for (let band = 0; band < bands; band += 1) {
      this.#state[band * STRIDE + LEVEL] = LEAST_NOISE;
      this.#state[band * STRIDE + SMOOTHED] = -1;
    }
  }

  /** The estimate of a band, as a mean square; at least `LEAST_NOISE`. */
  level(band: number): number {
    return float64At(this.#state, band * STRIDE + LEVEL);
  }

  /** Takes the energy of a band's frame, which is speech with the given probability; comes after `bound`. */
  follow(band: number, energy: number, speech: number): void {
    const state = this.#state;
    const at = band * STRIDE;
    const noise = 1 - speech;
    const before = float64At(state, at + LEVEL);
    const step = energy < before ? FALLING : RISING * noise * noise;
    const minimum = this.#minimum(at);
    const level = Math.min(before + step * (energy - before), HIGHEST * minimum);
    state[at + LEVEL] = Math.max(LEAST_NOISE, minimum, level);
  }

  /** Takes the energy of a band's frame into the bounds; `close` comes behind the last band. */
  bound(band: number, energy: number): void {
    const state = this.#state;
    const at = band * STRIDE;
    const before = float64At(state, at + SMOOTHED);
    const smoothed = before < 0 ? energy : before + SMOOTHING * (energy - before);
    state[at + SMOOTHED] = smoothed;
    state[at + CURRENT] = Math.min(float64At(state, at + CURRENT), smoothed);
    state[at + LEVEL] = Math.max(float64At(state, at + LEVEL), this.#minimum(at));
  }

  /** Ends the frame of which all bands were bound. */
  endFrame(): void {
    this.#frames += 1;
    if (this.#frames < WINDOW_FRAMES) return;
    const slot = MINIMA + (this.#windows % (WINDOWS - 1));
    this.#windows += 1;
    this.#frames = 0;
    for (let band = 0; band < this.#bands; band += 1) this.#closeWindow(band * STRIDE, slot);
  }

  /** The second lowest minimum, counting this window's; the lowest while two windows are not full. */
  #minimum(at: number): number {
    const state = this.#state;
    const lowest = float64At(state, at + LOWEST);
    const current = float64At(state, at + CURRENT);
    if (this.#windows < 2) return Math.min(lowest, current);
    return Math.max(lowest, Math.min(float64At(state, at + SECOND_LOWEST), current));
  }

  #closeWindow(at: number, slot: number): void {
    const state = this.#state;
    state[at + slot] = float64At(state, at + CURRENT);
    state[at + CURRENT] = Infinity;
    let lowest = Infinity;
    let secondLowest = Infinity;
    for (let index = at + MINIMA; index < at + STRIDE; index += 1) {
      const minimum = float64At(state, index);
      secondLowest = Math.min(secondLowest, Math.max(lowest, minimum));
      lowest = Math.min(lowest, minimum);
    }
    state[at + LOWEST] = lowest;
    state[at + SECOND_LOWEST] = secondLowest;
  }
}

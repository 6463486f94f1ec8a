import { float64At } from '../elements.ts';

/** Places on either side that a place is weighed with. */
export const SIDE_PLACES = 4;
const PLACES = 2 * SIDE_PLACES + 1;
/** What one place may say for the others at most, so that none decides for them. */
const LEAST_ODDS = -6;
const MOST_ODDS = 8;

/**
 * Weighs the odds of a place with those of its neighbours, half and half: the middle of a long pause stands out from the
 * short gaps of a word in which only one place looks as good.
 */
export class OddsWindow {
  readonly #odds = new Float64Array(PLACES);
  #count = 0;

  /** Takes the odds of the next place. */
  push(odds: number): void {
    this.#odds[this.#count % PLACES] = odds;
    this.#count += 1;
  }

  /** The odds of the place in the middle of the last nine. */
  get middle(): number {
    let sum = 0;
    for (let index = 0; index < PLACES; index += 1) {
      sum += Math.min(MOST_ODDS, Math.max(LEAST_ODDS, float64At(this.#odds, index)));
    }
    const own = float64At(this.#odds, (this.#count + SIDE_PLACES) % PLACES);
    return (own + sum / PLACES) / 2;
  }
}

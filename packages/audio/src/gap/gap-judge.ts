import { float32At, float64At } from '../elements.ts';
import { BIASES, HIDDEN, INPUTS, OUTPUT_BIAS, OUTPUTS, WEIGHTS } from './gap-network.ts';
import { BANDS, type LevelHistory } from './level-history.ts';

/** Frames on either side of a place that count, in spans that grow with the distance: [from, to) of the place. */
const SPANS = [
  [-12, -9],
  [-9, -6],
  [-6, -4],
  [-4, -3],
  [-3, -2],
  [-2, -1],
  [-1, 0],
  [0, 1],
  [1, 2],
  [2, 3],
  [3, 4],
  [4, 6],
  [6, 9],
  [9, 12],
] as const;
/** Frames behind a place that have to be known. */
export const LOOK_AHEAD = 12;
/** Levels are taken for at most so far below the floor or above it, dB, and count by ten. */
const LOWEST_DB = -6;
const HIGHEST_DB = 40;
const WIDEST_DB = 50;
const SCALE = 0.1;

/** A place whose two frames are louder than this part of the way from floor to ceiling is in a word. */
const LOUD_PART = 0.4;
const LOUD_ODDS = -20;

/** Tells how surely a place between two frames lies in a pause, from the levels of half a second around it. */
export class GapJudge {
  readonly #inputs = new Float64Array(INPUTS);

  /** The log-odds of a pause in the middle of the last frames of a history. */
  judge(history: LevelHistory): number {
    if (isLoud(history)) return LOUD_ODDS;
    this.#listen(history);
    const inputs = this.#inputs;
    let sum = OUTPUT_BIAS;
    for (let unit = 0; unit < HIDDEN; unit += 1) {
      const from = unit * INPUTS;
      let activation = float64At(BIASES, unit);
      for (let input = 0; input < INPUTS; input += 1) {
        activation += float64At(WEIGHTS, from + input) * float64At(inputs, input);
      }
      if (activation > 0) sum += activation * float64At(OUTPUTS, unit);
    }
    return sum;
  }

  #listen(history: LevelHistory): void {
    const { recent, floors, ranges } = history;
    const inputs = this.#inputs;
    const middle = history.recentStart + LOOK_AHEAD * BANDS;
    let input = 0;
    for (const [from, to] of SPANS) {
      for (let band = 0; band < BANDS; band += 1) {
        let level = 0;
        for (let frame = from; frame < to; frame += 1)
          level += float32At(recent, middle + frame * BANDS + band);
        const above = level / (to - from) - float64At(floors, band);
        inputs[input] = Math.min(HIGHEST_DB, Math.max(LOWEST_DB, above)) * SCALE;
        input += 1;
      }
    }
    for (let band = 0; band < BANDS; band += 1) {
      inputs[input + band] = Math.min(WIDEST_DB, float64At(ranges, band)) * SCALE;
    }
  }
}

/** Saves the judging of most places. */
function isLoud({ recent, recentStart, floors, ranges }: LevelHistory): boolean {
  const middle = recentStart + LOOK_AHEAD * BANDS;
  let above = 0;
  let range = 0;
  for (let band = 0; band < BANDS; band += 1) {
    const level = float32At(recent, middle + band) + float32At(recent, middle + band - BANDS);
    above += level / 2 - float64At(floors, band);
    range += float64At(ranges, band);
  }
  return above > LOUD_PART * range;
}

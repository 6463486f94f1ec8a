import { float32At, float64At } from '../elements.ts';
import { BANDS, type LevelHistory, LOOK_AHEAD } from './level-history.ts';

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
/** What is told of a place: the level of each band in each span, and how far its ceiling lies above its floor. */
export const GAP_INPUTS = (SPANS.length + 1) * BANDS;
/** Levels are taken for at most so far below the floor or above it, dB, and count by ten. */
const LOWEST_DB = -6;
const HIGHEST_DB = 40;
const WIDEST_DB = 50;
const SCALE = 0.1;

/** A place whose two frames are louder than this part of the way from floor to ceiling is in a word. */
const LOUD_PART = 0.4;

/** Sets `inputs` to what is told of the place in the middle of the last frames of a history. */
export function describePlace(history: LevelHistory, inputs: Float64Array): void {
  const { recent, floors, ranges } = history;
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

/** Whether that place is so loud that it need not be described, which most are. */
export function isLoud({ recent, recentStart, floors, ranges }: LevelHistory): boolean {
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

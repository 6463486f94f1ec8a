import { float64At } from '../elements.ts';

/** Frames after which it is asked how much the level is like itself; the beat of music is looked for later. */
const NEAR_LAGS = [1, 3, 5, 9, 15] as const;
const ONSET_LAGS = [1, 2, 4] as const;
const BEAT_LAGS = { first: 10, last: 75 } as const;
/** What is added to squares that are divided by, so that what hardly changes has no rhythm; dB squared. */
const LEAST_SQUARE = 0.05;
export const RHYTHM_FIGURES = NEAR_LAGS.length + ONSET_LAGS.length + 3;

/** The mean product of values and others `lag` places on. */
export function correlation(one: Float64Array, other: Float64Array, lag: number): number {
  const count = one.length - lag;
  let sum = 0;
  for (let index = 0; index < count; index += 1) {
    sum += float64At(one, index) * float64At(other, index + lag);
  }
  return sum / count;
}

/**
 * Writes from `at` on how a level, less its mean, returns to itself: a moment later, and at its best and worst after 0.2 to
 * 1.5 s; the same of its rises.
 */
export function fillRhythm(swings: Float64Array, figures: Float64Array, at: number): void {
  let figure = at;
  const add = (value: number): void => {
    figures[figure] = value;
    figure += 1;
  };
  const square = correlation(swings, swings, 0) + LEAST_SQUARE;
  for (const lag of NEAR_LAGS) add(correlation(swings, swings, lag) / square);
  const beat = extremes(swings);
  add(beat.most / square);
  add(beat.least / square);
  const rises = risesOf(swings);
  const riseSquare = correlation(rises, rises, 0) + LEAST_SQUARE;
  for (const lag of ONSET_LAGS) add(correlation(rises, rises, lag) / riseSquare);
  add(extremes(rises).most / riseSquare);
}

function extremes(values: Float64Array): { most: number; least: number } {
  let most = -Infinity;
  let least = Infinity;
  for (let lag: number = BEAT_LAGS.first; lag <= BEAT_LAGS.last; lag += 1) {
    const value = correlation(values, values, lag);
    most = Math.max(most, value);
    least = Math.min(least, value);
  }
  return { most, least };
}

/** Rises from frame to frame, less their mean. */
function risesOf(swings: Float64Array): Float64Array {
  const rises = new Float64Array(swings.length - 1);
  let sum = 0;
  for (let index = 0; index < rises.length; index += 1) {
    const rise = Math.max(0, float64At(swings, index + 1) - float64At(swings, index));
    rises[index] = rise;
    sum += rise;
  }
  const mean = sum / rises.length;
  for (let index = 0; index < rises.length; index += 1) rises[index] = float64At(rises, index) - mean;
  return rises;
}

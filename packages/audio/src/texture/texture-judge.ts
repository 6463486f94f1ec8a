import { float64At } from '../elements.ts';
import { BANDS } from '../gap/level-history.ts';
import { BIAS, FIGURES, UNIT_BIASES, UNIT_SIGNS, UNIT_WEIGHTS, UNITS } from './texture-network.ts';

/** Frames that are judged together: four seconds. */
export const TEXTURE_FRAMES = 200;
/** Figures of each band. */
const BAND_FIGURES = 7;
/** Ranks of the levels that are compared with each other. */
const RANKS = { low: 20, middle: 100, high: 180, top: 196 };
/** Decibels are counted in tens. */
const SCALE = 0.1;
/** Log-odds above which something may be speech; whatever holds some of it is far above. */
const LEAST_ODDS = -1.5;

/** What the levels of one band in four seconds are like. */
interface BandTexture {
  readonly spread: number;
  /** Levels less their mean, in the order of time. */
  readonly swings: Float64Array;
}

/** Tells what may be speech from noise and music by how the levels of the bands come and go. */
export class TextureJudge {
  readonly #figures = new Float64Array(FIGURES);
  readonly #sorted = new Float64Array(TEXTURE_FRAMES);

  /** Whether four seconds may hold speech; `levels` are those of each band in turn, dB. */
  mayBeSpeech(levels: readonly Float64Array[]): boolean {
    const bands = levels.map((band, index) => this.#describe(band, index));
    let figure = BAND_FIGURES * BANDS;
    for (const [index, later] of bands.entries()) {
      for (const earlier of bands.slice(0, index)) {
        this.#figures[figure] = correlation(earlier, later);
        figure += 1;
      }
    }
    return this.#odds() > LEAST_ODDS;
  }

  #odds(): number {
    let sum = BIAS;
    for (let unit = 0; unit < UNITS; unit += 1) {
      let activation = float64At(UNIT_BIASES, unit);
      for (let figure = 0; figure < FIGURES; figure += 1) {
        activation += float64At(UNIT_WEIGHTS, unit * FIGURES + figure) * float64At(this.#figures, figure);
      }
      if (activation > 0) sum += activation * float64At(UNIT_SIGNS, unit);
    }
    return sum;
  }

  #describe(levels: Float64Array, band: number): BandTexture {
    const mean = levels.reduce((sum, level) => sum + level, 0) / TEXTURE_FRAMES;
    const swings = levels.map((level) => level - mean);
    const spread = rootMeanSquare(swings);
    const steps = changes(levels);
    this.#sorted.set(levels);
    this.#sorted.sort();
    const at = (rank: number): number => float64At(this.#sorted, rank);
    const figures = [
      SCALE * spread,
      SCALE * (at(RANKS.high) - at(RANKS.low)),
      SCALE * (at(RANKS.middle) - at(RANKS.low)),
      SCALE * (at(RANKS.top) - at(RANKS.middle)),
      SCALE * steps.mean,
      SCALE * steps.spread,
      steps.rise / (steps.spread + 0.1),
    ];
    for (const [index, figure] of figures.entries()) this.#figures[index * BANDS + band] = figure;
    return { spread, swings };
  }
}

/** How levels change from frame to frame: by how much, how unevenly, and how much of that upwards; dB. */
function changes(levels: Float64Array): { mean: number; spread: number; rise: number } {
  let sum = 0;
  let size = 0;
  let squares = 0;
  let rises = 0;
  const count = levels.length - 1;
  for (let index = 0; index < count; index += 1) {
    const change = float64At(levels, index + 1) - float64At(levels, index);
    sum += change;
    size += Math.abs(change);
    squares += change * change;
    if (change > 0) rises += change * change;
  }
  const variance = squares / count - (sum / count) ** 2;
  return { mean: size / count, spread: Math.sqrt(variance), rise: Math.sqrt(rises / count) };
}

function rootMeanSquare(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

/** How two bands go up and down together, -1 to 1; less where there is hardly any change. */
function correlation(one: BandTexture, other: BandTexture): number {
  let sum = 0;
  for (let index = 0; index < TEXTURE_FRAMES; index += 1) {
    sum += float64At(one.swings, index) * float64At(other.swings, index);
  }
  return sum / TEXTURE_FRAMES / ((one.spread + 0.5) * (other.spread + 0.5));
}

import { float64At } from '../elements.ts';
import { BANDS, type LevelHistory } from '../gap/level-history.ts';
import { correlation, fillRhythm, RHYTHM_FIGURES } from './rhythm.ts';
import { StepRanks } from './step-ranks.ts';

/** Frames that are described together: four seconds. */
export const TEXTURE_FRAMES = 200;
/** Figures of each band, and of each pair of them. */
const BAND_FIGURES = 7;
const PAIRS = (BANDS * (BANDS - 1)) / 2;
export const TEXTURE_INPUTS = BAND_FIGURES * BANDS + PAIRS + RHYTHM_FIGURES;
/** Ranks of the levels that are compared with each other. */
const RANKS = [20, 100, 180, 196] as const;
/** Decibels are counted in tens. */
const SCALE = 0.1;
/** Spread below which bands hardly change, so that it says little how they do it together; dB. */
const LITTLE_DB = 0.5;

/** Describes how the levels of the bands come and go in four seconds. */
export class TextureFigures {
  /** What the last description says. */
  readonly figures = new Float64Array(TEXTURE_INPUTS);
  readonly #levels = Array.from({ length: BANDS }, () => new Float64Array(TEXTURE_FRAMES));
  readonly #spreads = new Float64Array(BANDS);
  readonly #mean = new Float64Array(TEXTURE_FRAMES);
  readonly #ranks = new StepRanks(RANKS);

  /** Sets `figures` for the frames from `start` on, which are remembered. */
  describe(history: LevelHistory, start: number): void {
    this.#mean.fill(0);
    for (const [band, levels] of this.#levels.entries()) {
      history.levels(band, start, levels);
      this.#describeBand(levels, band);
    }
    let figure = BAND_FIGURES * BANDS;
    for (let later = 0; later < BANDS; later += 1) {
      for (let earlier = 0; earlier < later; earlier += 1) {
        this.#figures(figure, this.#together(earlier, later));
        figure += 1;
      }
    }
    fillRhythm(this.#mean, this.figures, figure);
  }

  #figures(index: number, value: number): void {
    this.figures[index] = value;
  }

  /** Takes the mean off the levels, and says what they are like. */
  #describeBand(levels: Float64Array, band: number): void {
    const [low = 0, middle = 0, high = 0, top = 0] = this.#ranks.of(levels);
    const { mean: change, spread: unevenness, rise } = changes(levels);
    let sum = 0;
    for (let index = 0; index < TEXTURE_FRAMES; index += 1) sum += float64At(levels, index);
    const mean = sum / TEXTURE_FRAMES;
    let squares = 0;
    for (let index = 0; index < TEXTURE_FRAMES; index += 1) {
      const swing = float64At(levels, index) - mean;
      levels[index] = swing;
      squares += swing * swing;
      this.#mean[index] = float64At(this.#mean, index) + swing / BANDS;
    }
    const spread = Math.sqrt(squares / TEXTURE_FRAMES);
    this.#spreads[band] = spread;
    this.#figures(band, SCALE * spread);
    this.#figures(BANDS + band, SCALE * (high - low));
    this.#figures(2 * BANDS + band, SCALE * (middle - low));
    this.#figures(3 * BANDS + band, SCALE * (top - middle));
    this.#figures(4 * BANDS + band, SCALE * change);
    this.#figures(5 * BANDS + band, SCALE * unevenness);
    this.#figures(6 * BANDS + band, rise / (unevenness + 0.1));
  }

  /** How two bands go up and down together, -1 to 1; less where there is hardly any change. */
  #together(earlier: number, later: number): number {
    const spread = (band: number): number => float64At(this.#spreads, band) + LITTLE_DB;
    const [one, other] = [this.#levels[earlier], this.#levels[later]];
    if (one === undefined || other === undefined) return 0;
    return correlation(one, other, 0) / (spread(earlier) * spread(later));
  }
}

/** How levels change from frame to frame: by how much, how unevenly, and how much of that upwards; dB. */
function changes(levels: Float64Array): { mean: number; spread: number; rise: number } {
  let size = 0;
  let squares = 0;
  let rises = 0;
  const count = levels.length - 1;
  for (let index = 0; index < count; index += 1) {
    const change = float64At(levels, index + 1) - float64At(levels, index);
    size += Math.abs(change);
    squares += change * change;
    if (change > 0) rises += change * change;
  }
  const mean = (float64At(levels, count) - float64At(levels, 0)) / count;
  return {
    mean: size / count,
    spread: Math.sqrt(squares / count - mean * mean),
    rise: Math.sqrt(rises / count),
  };
}

import type { LevelHistory } from '../gap/level-history.ts';
import { logOdds } from '../network/network.ts';
import { TextureFigures } from './texture-figures.ts';
import { TEXTURE_NETWORK } from './texture-network.ts';

/** Log-odds above which something may be speech; low, since to miss speech costs words, and to miss music only work. */
const LEAST_ODDS = -2;

/** Tells what may be speech from noise and music by how the levels of the bands come and go. */
export class TextureJudge {
  readonly #figures = new TextureFigures();

  /** Whether the four seconds of frames from `start` on may hold speech. */
  mayBeSpeech(history: LevelHistory, start: number): boolean {
    this.#figures.describe(history, start);
    return logOdds(TEXTURE_NETWORK, this.#figures.figures) > LEAST_ODDS;
  }
}

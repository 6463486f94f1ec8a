import { logOdds } from '../network/network.ts';
import { describePlace, GAP_INPUTS, isLoud } from './gap-inputs.ts';
import { GAP_NETWORK } from './gap-network.ts';
import type { LevelHistory } from './level-history.ts';

const LOUD_ODDS = -20;

/** Tells how surely a place between two frames lies in a pause, from the levels of half a second around it. */
export class GapJudge {
  readonly #inputs = new Float64Array(GAP_INPUTS);

  /** The log-odds of a pause in the middle of the last frames of a history. */
  judge(history: LevelHistory): number {
    if (isLoud(history)) return LOUD_ODDS;
    describePlace(history, this.#inputs);
    return logOdds(GAP_NETWORK, this.#inputs);
  }
}

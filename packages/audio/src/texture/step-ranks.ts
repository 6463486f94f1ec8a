import { float64At } from '../elements.ts';
import { STEPS, STEPS_PER_DB } from '../gap/level-history.ts';

/** Finds the levels of some ranks among levels in whole steps: by counting, which is faster than sorting. */
export class StepRanks {
  readonly #ranks: readonly number[];
  readonly #tally = new Uint16Array(STEPS);

  /** `ranks` rise; the quietest level has rank 0. */
  constructor(ranks: readonly number[]) {
    this.#ranks = ranks;
  }

  /** The levels of the ranks, dB. */
  of(levels: Float64Array): number[] {
    const tally = this.#tally.fill(0);
    for (let index = 0; index < levels.length; index += 1) {
      const step = float64At(levels, index) * STEPS_PER_DB;
      tally[step] = (tally[step] ?? 0) + 1;
    }
    let step = -1;
    let below = 0;
    return this.#ranks.map((rank) => {
      while (below <= rank && step < STEPS) {
        step += 1;
        below += tally[step] ?? 0;
      }
      return step / STEPS_PER_DB;
    });
  }
}

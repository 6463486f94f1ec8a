import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../testing/random.ts';
import { StepRanks } from './step-ranks.ts';

describe('ranks of levels in steps of half a dB', () => {
  it('are those of the sorted levels', () => {
    const random = seededRandom(3);
    const ranks = [0, 20, 100, 180, 199];
    const found = new StepRanks(ranks);
    for (let round = 0; round < 20; round += 1) {
      const levels = Float64Array.from({ length: 200 }, () => Math.floor(random() * (4 + 9 * round)) / 2);
      const sorted = levels.toSorted();
      expect(found.of(levels)).toEqual(ranks.map((rank) => sorted[rank]));
    }
  });
});

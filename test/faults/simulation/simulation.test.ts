import { describe, expect, it } from '@jest/globals';
import { simulate } from './simulation.ts';

/** Runs that broke a promise once. */
const MENDED = [
  1_891_239_402, 1_290_835_710, 1_778_237_602, 1_767_207_480, 634_934_438, 1_402_382_643, 583_272_241,
  920_400_244, 985_043_144, 1_893_091_848, 2_098_353_205, 920_394_557, 220_086_549, 1_436_484_135,
];
const SEEDS = Array.from({ length: 12 }, (_, at) => 9_000 + at);

describe('the simulator', () => {
  it('does the same for the same seed, event by event, and something else for another', async () => {
    const hashes = new Set<string>();
    for (const seed of SEEDS) {
      const first = await simulate({ seed });
      const again = await simulate({ seed, trace: true });
      expect([again.hash, again.steps]).toEqual([first.hash, first.steps]);
      hashes.add(first.hash);
    }
    expect(hashes.size).toBe(SEEDS.length);
  });

  it('breaks no promise and leaves nobody waiting', async () => {
    for (const seed of [...MENDED, ...SEEDS.map((each) => each + 1000)]) {
      const { violations, stuck } = await simulate({ seed });
      expect({ seed, violations, stuck }).toEqual({ seed, violations: [], stuck: 0 });
    }
  });
});

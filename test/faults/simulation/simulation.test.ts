import { describe, expect, it } from '@jest/globals';
import { simulate } from './simulation.ts';

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
    for (const seed of SEEDS) {
      const { violations, stuck } = await simulate({ seed: seed + 1000 });
      expect({ seed, violations, stuck }).toEqual({ seed, violations: [], stuck: 0 });
    }
  });
});

import { describe, expect, it } from '@jest/globals';
import { type Capacity, capacityOf, type NodeFigures } from './capacity.ts';
import { sumOfCapacities } from './sum.ts';

const FIGURES: NodeFigures = {
  live: 3,
  maxLiveStreams: 10,
  draining: false,
  backlogBytes: 5,
  journal: { state: 'ok', freeBytes: 1e9, unsyncedBytes: 7, commitMs: 1 },
  process: { eventLoopMs: 20, utilization: 0.1, memoryShare: 0.2 },
};
const answer = (change: Partial<NodeFigures> = {}): string =>
  JSON.stringify(capacityOf({ ...FIGURES, ...change }) satisfies Capacity);

describe('the capacity of several processes', () => {
  it('is that of the process when there is one', () => {
    expect(sumOfCapacities([answer()])).toEqual(capacityOf(FIGURES));
  });

  it('is the sum of what they take, with the part of each', () => {
    const full = { live: 10 };
    const low = { journal: { ...FIGURES.journal, state: 'low' as const, freeBytes: 1e6 } };
    expect(sumOfCapacities([answer(), answer(full), answer(low)])).toEqual({
      live: 16,
      max: 30,
      available: 7,
      limited_by: null,
      journal: { state: 'low', free_bytes: 1e6, unsynced_bytes: 21 },
      backlog_bytes: 15,
      processes: [
        { live: 3, available: 7, limited_by: null },
        { live: 10, available: 0, limited_by: 'max_streams' },
        { live: 3, available: 0, limited_by: 'disk' },
      ],
    });
  });

  it('is limited only when all of them are', () => {
    const full = answer({ live: 10 });
    expect(sumOfCapacities([full, answer()])).toMatchObject({ available: 7, limited_by: null });
    expect(sumOfCapacities([full, full])).toMatchObject({ available: 0, limited_by: 'max_streams' });
  });
});

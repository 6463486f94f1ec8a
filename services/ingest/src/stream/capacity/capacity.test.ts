import { describe, expect, it } from '@jest/globals';
import { capacityOf, type NodeFigures, refusalFor } from './capacity.ts';
import { retryAfterSeconds } from './retry-after.ts';

const FIGURES: NodeFigures = {
  live: 3,
  maxLiveStreams: 10,
  draining: false,
  backlogBytes: 5,
  journal: { state: 'ok', freeBytes: 1e9, unsyncedBytes: 0 },
  process: { eventLoopMs: 20, heapShare: 0.2 },
};

describe('the capacity of a node', () => {
  it('is what is left of its streams while nothing else limits it', () => {
    expect(capacityOf(FIGURES)).toEqual({
      live: 3,
      max: 10,
      available: 7,
      limited_by: null,
      journal: { state: 'ok', free_bytes: 1e9, unsynced_bytes: 0 },
      backlog_bytes: 5,
    });
    expect(capacityOf({ ...FIGURES, live: 9 })).toMatchObject({ available: 1, limited_by: null });
  });

  it.each<[string, Partial<NodeFigures>, number]>([
    ['max_streams', { live: 10 }, 503],
    ['disk', { journal: { ...FIGURES.journal, state: 'low' } }, 507],
    ['disk', { journal: { ...FIGURES.journal, state: 'full' } }, 507],
    ['journal', { journal: { ...FIGURES.journal, state: 'failed' } }, 503],
    ['journal', { journal: { ...FIGURES.journal, unsyncedBytes: 1e9 } }, 503],
    ['memory', { process: { eventLoopMs: 0, heapShare: 0.95 } }, 503],
    ['event_loop', { process: { eventLoopMs: 500, heapShare: 0 } }, 503],
    ['draining', { draining: true, live: 10 }, 503],
  ])('is nothing because of %s', (limit, change, status) => {
    const capacity = capacityOf({ ...FIGURES, ...change });
    expect(capacity).toMatchObject({ available: 0, limited_by: limit });
    const refusal = refusalFor(capacity.limited_by!);
    expect(refusal.status).toBe(status);
    expect(retryAfterSeconds(refusal)).toBeGreaterThan(0);
  });
});

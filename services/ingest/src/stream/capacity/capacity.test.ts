import { describe, expect, it } from '@jest/globals';
import { capacityOf, type NodeFigures, refusalFor } from './capacity.ts';
import { retryAfterSeconds } from './retry-after.ts';

const FIGURES: NodeFigures = {
  live: 3,
  maxLiveStreams: 10,
  draining: false,
  backlogBytes: 5,
  journal: { state: 'ok', freeBytes: 1e9, unsyncedBytes: 0, commitMs: 12 },
  process: { eventLoopMs: 20, utilization: 0.3, memoryShare: 0.2 },
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
    ['journal', { journal: { ...FIGURES.journal, commitMs: 1500 } }, 503],
    ['memory', { process: { ...FIGURES.process, memoryShare: 0.95 } }, 503],
    ['event_loop', { process: { ...FIGURES.process, eventLoopMs: 500 } }, 503],
    ['processor', { process: { ...FIGURES.process, utilization: 0.99, eventLoopMs: 90 } }, 503],
    ['draining', { draining: true, live: 10 }, 503],
  ])('is nothing because of %s', (limit, change, status) => {
    const capacity = capacityOf({ ...FIGURES, ...change });
    expect(capacity).toMatchObject({ available: 0, limited_by: limit });
    const refusal = refusalFor(capacity.limited_by!);
    expect(refusal.status).toBe(status);
    expect(retryAfterSeconds(refusal)).toBeGreaterThan(0);
  });

  it('is told by what the present streams cost', () => {
    const busy = (live: number, utilization: number) =>
      capacityOf({ ...FIGURES, live, maxLiveStreams: 5000, process: { ...FIGURES.process, utilization } });
    expect(busy(1000, 0.425)).toMatchObject({ available: 1000, limited_by: null });
    expect(busy(1000, 0.2)).toMatchObject({ available: 3250, limited_by: null });
    expect(busy(1000, 0.93)).toMatchObject({ available: 1, limited_by: null });
    // What a few streams cost cannot be told from what else is done.
    expect(busy(10, 0.425)).toMatchObject({ available: 4990 });
  });

  it('is there while the loop has work without a pause but is not late', () => {
    const process = { ...FIGURES.process, utilization: 1, eventLoopMs: 25 };
    expect(capacityOf({ ...FIGURES, process })).toMatchObject({ available: 7, limited_by: null });
  });
});

import { describe, expect, it } from '@jest/globals';
import type { LoadWindow } from '../runs/many-calls.ts';
import { loadFigures } from './figures.ts';
import { median, quantile } from './statistics.ts';

const window: LoadWindow = {
  seconds: 10,
  peerTicks: 100_000,
  underruns: 0,
  skippedTicks: 0,
  listenerTicks: 99_990,
  missingTicks: 10,
  toListenerP99Ms: 4,
  loopDelayP99Ms: 21,
  loopDelayMaxMs: 30,
  cpuShare: 0.5,
  starvedShare: 0,
  residentKb: 210_000,
  heapKb: 70_000,
  externalKb: 60_000,
  loadAverage: 1,
};

describe('figures of many calls', () => {
  it('count over all windows, and take the middle one of what varies', () => {
    const windows = [
      { ...window, underruns: 30, cpuShare: 0.9 },
      { ...window, cpuShare: 0.4 },
      { ...window, residentKb: 220_000 },
    ];
    const result = { calls: 200, idleKb: 140_000, startKb: 200_000, windows, closedListeners: 1 };
    const figures = new Map(
      loadFigures(result, { judgeMemory: true }).map(({ name, value, goal }) => [name, { value, goal }]),
    );
    expect(figures.get('underruns_per_10000_peer_ticks')).toEqual({ value: 1, goal: 1 });
    expect(figures.get('missing_per_10000_listener_ticks')).toEqual({ value: 1, goal: 1 });
    expect(figures.get('service_processor')).toEqual({ value: 50, goal: null });
    expect(figures.get('memory_growth')).toEqual({ value: 10, goal: 10 });
    expect(figures.get('memory_per_call')).toEqual({ value: 400, goal: null });
    expect(figures.get('closed_listeners')).toEqual({ value: 1, goal: 0 });
  });

  it('ask nothing of memory in a short run', () => {
    const result = { calls: 1, idleKb: 1, startKb: 1, windows: [window], closedListeners: 0 };
    const growth = loadFigures(result, { judgeMemory: false }).find(({ name }) => name === 'memory_growth');
    expect(growth?.goal).toBeNull();
  });
});

describe('quantiles', () => {
  it('are of the sorted values, whatever their order', () => {
    const values = Array.from({ length: 100 }, (_, index) => 99 - index);
    expect([quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1)]).toEqual([50, 99, 99]);
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])]).toEqual([2, 2, 7]);
    expect(median([])).toBeNaN();
  });
});

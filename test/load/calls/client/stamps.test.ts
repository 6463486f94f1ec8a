import { describe, expect, it } from '@jest/globals';
import { readTick, stampedTick } from './stamps.ts';

describe('a stamped tick', () => {
  it('carries its time to the microsecond, also after months of uptime', () => {
    for (const ms of [0.001, 27_000_000.123, 15_000_000_000.456]) {
      const samples = stampedTick(ms);
      expect(readTick((index) => samples[index] ?? 0, 0)).toEqual({ spokenMs: ms, heard: [] });
    }
  });

  it('is found only where it begins', () => {
    const samples = stampedTick(1000);
    expect(readTick((index) => samples[index] ?? 0, 1)).toBeNull();
    expect(readTick(() => 0, 0)).toBeNull();
  });

  it('is read with what its speaker heard, and when', () => {
    const samples = stampedTick(60);
    samples[5] = 2;
    samples.set(stampedTick(20).subarray(2, 5), 6);
    samples.set(stampedTick(31.5).subarray(2, 5), 9);
    samples.set(stampedTick(40).subarray(2, 5), 12);
    samples.set(stampedTick(52.25).subarray(2, 5), 15);
    expect(readTick((index) => samples[index] ?? 0, 0)?.heard).toEqual([
      { stampMs: 20, heardMs: 31.5 },
      { stampMs: 40, heardMs: 52.25 },
    ]);
  });
});

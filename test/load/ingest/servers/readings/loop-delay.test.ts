import { describe, expect, it } from '@jest/globals';
import { lateness, worstReading } from './loop-delay.ts';

const monitor = (count: number, ms: number) => ({ count, percentile: () => ms * 1e6 });

describe('the lateness of a loop', () => {
  it('is what its readings say when there are as many as there should be', () => {
    expect(lateness(worstReading(monitor(60, 31), 1200))).toBeCloseTo(11);
  });

  it('is nothing when it is idle', () => {
    expect(lateness(worstReading(monitor(59, 20), 1200))).toBe(0);
  });

  it('is the time itself when it took no reading, and that between the few that it took', () => {
    expect(lateness(worstReading(monitor(0, 0), 1200))).toBe(1180);
    expect(lateness(worstReading(monitor(2, 20), 1200))).toBe(380);
  });
});

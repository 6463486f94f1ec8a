import { describe, expect, it } from '@jest/globals';
import { createCommitMeter } from './commit-meter.ts';

describe('the meter of commits', () => {
  it('answers the median of the last seconds', () => {
    let now = 0;
    const meter = createCommitMeter(() => now);
    expect(meter.add([])).toBe(0);
    expect(meter.add([10, 30, 2000])).toBe(30);
    now = 4000;
    expect(meter.add([40, 50])).toBe(40);
    now = 5001;
    expect(meter.add([])).toBe(50);
    now = 9001;
    expect(meter.add([])).toBe(0);
  });
});

import { describe, expect, it } from '@jest/globals';
import { spreadOfSum } from './chance.ts';

describe('the spread of a sum', () => {
  it('is none where all parts are alike', () => {
    expect(spreadOfSum([2, 2, 2, 2])).toBe(0);
  });

  it('is that of drawing the parts again', () => {
    const parts = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? 1 : -1));
    expect(spreadOfSum(parts)).toBeGreaterThan(9.5);
    expect(spreadOfSum(parts)).toBeLessThan(10.5);
  });
});

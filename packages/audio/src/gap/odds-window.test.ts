import { describe, expect, it } from '@jest/globals';
import { OddsWindow } from './odds-window.ts';

function middleOf(...odds: number[]): number {
  const window = new OddsWindow();
  for (const value of odds) window.push(value);
  return window.middle;
}

describe('the window of odds', () => {
  it('weighs a place with its neighbours', () => {
    expect(middleOf(2, 2, 2, 2, 2, 2, 2, 2, 2)).toBe(2);
    expect(middleOf(0, 0, 0, 0, 9, 0, 0, 0, 1)).toBeCloseTo((9 + (8 + 1) / 9) / 2);
  });

  it('looks at the last nine only', () => {
    expect(middleOf(7, 7, 7, 1, 1, 1, 1, 1, 1, 1, 1, 1)).toBe(1);
    expect(middleOf(-6, 0, 0, 0, 0, 3, 0, 0, 0, 0)).toBeCloseTo((3 + 3 / 9) / 2);
  });

  it('lets no neighbour decide', () => {
    expect(middleOf(-20, 4, 4, 4, 4, 4, 4, 4, 4)).toBeCloseTo((4 + (32 - 6) / 9) / 2);
    expect(middleOf(-20, -20, -20, -20, -20, -20, -20, -20, -20)).toBe(-13);
  });
});

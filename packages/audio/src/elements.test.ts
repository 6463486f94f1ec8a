import { describe, expect, it } from '@jest/globals';
import { float64At, int16At } from './elements.ts';

describe('array elements', () => {
  it('are read inside the array and are 0 outside of it', () => {
    expect([-1, 0, 1, 2].map((index) => int16At(Int16Array.of(7, 8), index))).toEqual([0, 7, 8, 0]);
    expect([-1, 0, 1, 2].map((index) => float64At(Float64Array.of(0.5, 8), index))).toEqual([0, 0.5, 8, 0]);
  });
});

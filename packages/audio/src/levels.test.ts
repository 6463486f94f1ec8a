import { describe, expect, it } from '@jest/globals';
import { rmsDb } from './levels.ts';

describe('level', () => {
  it('is -120 dB for digital silence and for nothing', () => {
    expect(rmsDb(new Int16Array(100))).toBe(-120);
    expect(rmsDb(new Int16Array(0))).toBe(-120);
  });

  it('is 0 dB at full scale, -3 dB for a full-scale sine, and falls by 20 dB a factor of ten', () => {
    const sine = (peak: number): Int16Array =>
      Int16Array.from({ length: 16_000 }, (_, index) => Math.round(peak * Math.sin(index / 7)));
    expect(rmsDb(new Int16Array(10).fill(-32_768))).toBe(0);
    expect(rmsDb(sine(32_767))).toBeCloseTo(-3.01, 1);
    expect(rmsDb(sine(3276.7))).toBeCloseTo(-23.01, 1);
  });

  it('never reads below -120 dB', () => {
    const samples = new Int16Array(400_000);
    samples[7] = 1;
    expect(rmsDb(samples)).toBe(-120);
    expect(rmsDb(new Int16Array(10).fill(1))).toBeCloseTo(-90.3, 1);
  });
});

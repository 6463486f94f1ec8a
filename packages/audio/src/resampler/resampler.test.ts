import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rmsDb } from '../levels.ts';
import { createResampler } from './resampler.ts';

function sine(hertz: number, rate: number, seconds = 1): Int16Array {
  return Int16Array.from({ length: rate * seconds }, (_, index) =>
    Math.round(16_000 * Math.sin((2 * Math.PI * hertz * index) / rate)),
  );
}

function resample(samples: Int16Array, fromRate: number, toRate: number): Int16Array {
  const resampler = createResampler(fromRate, toRate);
  return Int16Array.from([...resampler.push(samples), ...resampler.flush()]);
}

/** The difference of two signals without their first and last 100 ms at 16 kHz. */
function differenceDb(a: Int16Array, b: Int16Array): number {
  return rmsDb(a.map((sample, index) => sample - (b[index] ?? 0)).subarray(1600, -1600));
}

const RATES: [number, number][] = [
  [8000, 16_000],
  [48_000, 16_000],
  [44_100, 16_000],
  [11_025, 16_000],
  [22_050, 16_000],
  [16_000, 8000],
];

describe('the resampler', () => {
  it.each(RATES)('keeps a tone in the pass band in level, phase and time: %d to %d Hz', (from, to) => {
    const hertz = 0.8 * (Math.min(from, to) / 2);
    for (const tone of [440, hertz]) {
      const output = resample(sine(tone, from), from, to);
      expect(differenceDb(output, sine(tone, to))).toBeLessThan(-55);
    }
  });

  it.each([
    [48_000, 16_000, 8100],
    [48_000, 16_000, 11_000],
    [48_000, 16_000, 23_000],
    [44_100, 16_000, 8200],
    [16_000, 8000, 4100],
    [16_000, 8000, 6000],
  ])('holds down what would alias: %d to %d Hz, a tone of %d Hz', (from, to, hertz) => {
    const output = resample(sine(hertz, from), from, to);
    expect(rmsDb(output.subarray(1600, -1600)) - rmsDb(sine(hertz, from))).toBeLessThan(-60);
  });

  it('adds no image when it doubles the rate', () => {
    const output = resample(sine(3000, 8000), 8000, 16_000);
    expect(differenceDb(output, sine(3000, 16_000))).toBeLessThan(-70);
  });

  it.each(RATES)('gives n x to / from samples, rounded up: %d to %d Hz', (from, to) => {
    for (const count of [0, 1, 2, 99, 1000, 4411]) {
      expect(resample(new Int16Array(count), from, to).length).toBe(Math.ceil((count * to) / from));
    }
  });

  it('does not depend on how the input is split', () => {
    const signal = Int16Array.from({ length: 3000 }, (_, index) => ((index * 7919) % 60_000) - 30_000);
    fc.assert(
      fc.property(
        fc.constantFrom(...RATES),
        fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1 }),
        ([from, to], sizes) => {
          const resampler = createResampler(from, to);
          const pieces: number[] = [];
          let start = 0;
          for (const size of [...sizes, signal.length]) {
            pieces.push(...resampler.push(signal.subarray(start, start + size)));
            start = Math.min(signal.length, start + size);
          }
          pieces.push(...resampler.flush());
          expect(pieces).toEqual([...resample(signal, from, to)]);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('clips instead of wrapping around', () => {
    const square = Int16Array.from({ length: 800 }, (_, index) => (index % 40 < 20 ? 32_767 : -32_768));
    const output = resample(square, 8000, 16_000);
    expect(Math.max(...output)).toBe(32_767);
    expect(Math.min(...output)).toBe(-32_768);
    expect(output[20]).toBeGreaterThan(30_000);
  });

  it('starts anew after a flush', () => {
    const resampler = createResampler(44_100, 16_000);
    const run = (): number[] => [...resampler.push(sine(700, 44_100)), ...resampler.flush()];
    expect(run()).toEqual(run());
  });

  it('copies when the rates are equal', () => {
    const samples = Int16Array.of(1, 2, 3);
    const resampler = createResampler(16_000, 16_000);
    const output = resampler.push(samples);
    expect([...output]).toEqual([1, 2, 3]);
    expect(output.buffer).not.toBe(samples.buffer);
    expect(resampler.flush().length).toBe(0);
  });

  it('refuses what is no sample rate', () => {
    for (const rate of [0, -8000, 8000.5, NaN, Infinity]) {
      expect(() => createResampler(rate, 16_000)).toThrow(RangeError);
      expect(() => createResampler(16_000, rate)).toThrow(RangeError);
    }
  });
});

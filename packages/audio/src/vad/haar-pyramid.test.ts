import { describe, expect, it } from '@jest/globals';
import { sumOfSquares } from '../levels.ts';
import { HaarPyramid } from './haar-pyramid.ts';

/** The band with the highest energy for a tone, at a rate. */
function loudestBand(hertz: number, sampleRate: number): number {
  const frame = Int16Array.from({ length: sampleRate / 50 }, (_, index) =>
    Math.round(8000 * Math.sin((2 * Math.PI * hertz * index) / sampleRate + 0.3)),
  );
  const pyramid = new HaarPyramid(sampleRate, frame.length);
  pyramid.measure(frame);
  return pyramid.energies.indexOf(Math.max(...pyramid.energies));
}

describe('the Haar pyramid', () => {
  it.each([
    [16_000, [6000, 3000, 1500, 750, 375]],
    [8000, [3000, 1500, 750, 375, 187]],
    [32_000, [6000, 3000, 1500, 750, 375]],
    [48_000, [4500, 2250, 1100, 560, 280]],
  ])('puts tones into octave bands, the highest first, at %d Hz', (sampleRate, tones) => {
    expect(tones.map((hertz) => loudestBand(hertz, sampleRate))).toEqual([0, 1, 2, 3, 4]);
  });

  it('reads the same energy in every band of white noise, that of a sample', () => {
    const pyramid = new HaarPyramid(16_000, 320);
    const sums = new Float64Array(5);
    let state = 1;
    for (let frame = 0; frame < 400; frame += 1) {
      pyramid.measure(
        Int16Array.from({ length: 320 }, () => {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
          return state >> 20;
        }),
      );
      for (const [band, energy] of pyramid.energies.entries()) sums[band] = (sums[band] ?? 0) + energy / 400;
    }
    const expected = 4096 ** 2 / 12;
    for (const mean of sums) expect(mean / expected).toBeCloseTo(1, 1);
  });

  it('ignores a constant offset', () => {
    const pyramid = new HaarPyramid(16_000, 320);
    pyramid.measure(new Int16Array(320).fill(-9000));
    expect([...pyramid.energies]).toEqual([0, 0, 0, 0, 0]);
  });

  it('knows the energy of the whole frame exactly, whatever its length', () => {
    for (const [rate, length] of [
      [16_000, 320],
      [8000, 160],
      [48_000, 960],
      [44_100, 882],
      [11_025, 221],
    ] as const) {
      const frame = Int16Array.from({ length }, (_, index) => ((index * 7919) % 65_536) - 32_768);
      const pyramid = new HaarPyramid(rate, length);
      pyramid.measure(frame);
      expect(pyramid.energy).toBe(sumOfSquares(frame, 0, length));
    }
  });

  it('counts the independent values of each band', () => {
    expect(new HaarPyramid(16_000, 320).counts).toEqual([160, 80, 40, 20, 10]);
    expect(new HaarPyramid(8000, 160).counts).toEqual([80, 40, 20, 10, 5]);
    expect(new HaarPyramid(48_000, 960).counts).toEqual([120, 60, 30, 15, 7]);
  });
});

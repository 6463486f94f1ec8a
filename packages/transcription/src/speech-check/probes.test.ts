import { describe, expect, it } from '@jest/globals';
import { holdsSpeech, loudestStretches, wholeStretch, writeFrame } from './probes.ts';

describe('probes', () => {
  it('lie at the loudest places and do not overlap', () => {
    const samples = new Int16Array(16_000 * 20);
    const loud = [10, 25, 40, 55].map((step) => step * 5120);
    for (const [i, start] of loud.entries()) samples.fill(1000 * (i + 1), start + 1000, start + 9000);
    const starts = loudestStretches(samples).map(({ start }) => start);
    expect(starts).toEqual(loud.toReversed());
    const sorted = starts.toSorted((a, b) => a - b);
    for (const [i, start] of sorted.entries())
      expect(start - (sorted[i - 1] ?? -10_240)).toBeGreaterThanOrEqual(10_240);
  });

  it('are the whole of a short segment', () => {
    expect(loudestStretches(new Int16Array(1000))).toEqual([{ start: 0, frames: 2 }]);
    expect(wholeStretch(513)).toEqual({ start: 0, frames: 2 });
  });

  it('carry 64 samples of context before each frame, silence where there is none', () => {
    const samples = Int16Array.from({ length: 600 }, (_, i) => i);
    const frame = new Float32Array(576);
    writeFrame(samples, 512, frame);
    expect(frame[0]! * 32_768).toBe(448);
    expect(frame[64]! * 32_768).toBe(512);
    expect(frame[575]).toBe(0);
    writeFrame(samples, 0, frame);
    expect([...frame.subarray(0, 64)].every((value) => value === 0)).toBe(true);
  });
});

describe('speech', () => {
  it('is two frames in a row', () => {
    expect(holdsSpeech([0.1, 0.5, 0.5])).toBe(true);
    expect(holdsSpeech([0.9, 0.4, 0.9, 0.4])).toBe(false);
    expect(holdsSpeech([])).toBe(false);
  });
});

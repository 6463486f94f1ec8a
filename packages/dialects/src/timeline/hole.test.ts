import { describe, expect, it } from '@jest/globals';
import { holeSamples } from './hole.ts';

const hole = (frames: number, elapsedMs: number | null, frameMs = 20) =>
  holeSamples({
    frames,
    frameSamples: frameMs * 8,
    elapsedSamples: elapsedMs === null ? null : elapsedMs * 8,
    sampleRate: 8000,
  });

describe('holeSamples', () => {
  it('counts frames when there is no clock', () => {
    expect(hole(3, null)).toBe(480);
  });

  it.each([57, 60, 63, 70])(
    'stays exact when the clock says %d ms for three frames of 20 ms',
    (elapsedMs) => {
      expect(hole(3, elapsedMs)).toBe(480);
    },
  );

  it('follows the clock when frames differ in length', () => {
    expect(hole(1, 60)).toBe(480);
  });

  it('finds nothing missing when the clock does not move, as when numbers run over several tracks', () => {
    expect(hole(1, 0)).toBe(0);
    expect(hole(1, 3)).toBe(0);
    expect(hole(1, 0, 10)).toBe(0);
  });

  it.each([-500, 300, 100_000])('does not believe a clock that moves by %d ms', (elapsedMs) => {
    expect(hole(2, elapsedMs)).toBe(320);
  });
});

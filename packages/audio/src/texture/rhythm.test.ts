import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../testing/random.ts';
import { correlation, fillRhythm, RHYTHM_FIGURES } from './rhythm.ts';

const FRAMES = 200;

/** The figures of a level that goes up and down. */
function rhythmOf(level: (frame: number) => number): Float64Array {
  const levels = Float64Array.from({ length: FRAMES }, (_, frame) => level(frame));
  const mean = levels.reduce((sum, value) => sum + value, 0) / FRAMES;
  const figures = new Float64Array(RHYTHM_FIGURES + 1);
  fillRhythm(
    levels.map((value) => value - mean),
    figures,
    1,
  );
  expect(figures[0]).toBe(0);
  return figures.subarray(1);
}

describe('rhythm', () => {
  it('is at its strongest in a beat, and as far on the other side half way to the next', () => {
    const figures = rhythmOf((frame) => 10 * Math.sin((2 * Math.PI * frame) / 25));
    expect(figures[5]).toBeGreaterThan(0.9);
    expect(figures[6]).toBeLessThan(-0.9);
  });

  it('is hardly there in noise', () => {
    const random = seededRandom(5);
    const figures = rhythmOf(() => 10 * random());
    for (const figure of figures) expect(Math.abs(figure)).toBeLessThan(0.4);
  });

  it('is none where nothing changes', () => {
    expect([...rhythmOf(() => 40)].map((figure) => Math.abs(figure))).toEqual(
      new Array<number>(RHYTHM_FIGURES).fill(0),
    );
  });

  it('is made of mean products with what comes later', () => {
    expect(correlation(Float64Array.of(1, 2, 3), Float64Array.of(1, 2, 3), 1)).toBe((2 + 6) / 2);
  });
});

import { describe, expect, it } from '@jest/globals';
import { PauseFinder } from './pause-finder.ts';

function feed(scores: number[], origin = 0): PauseFinder {
  const finder = new PauseFinder(origin);
  for (const [index, score] of scores.entries()) finder.push(score, origin + (index + 1) * 10);
  return finder;
}

describe('the pause finder', () => {
  it('starts in a pause, at the origin of the track', () => {
    expect(feed([], 70).pauses()).toEqual([{ start: 70, end: 70, open: true }]);
    expect(feed([0, 0], 70).pauses()).toEqual([{ start: 70, end: 90, open: true }]);
    expect(feed([0, 1], 70).pauses()).toEqual([{ start: 70, end: 80, open: false }]);
  });

  it('reports closed pauses and the open one in order', () => {
    expect(feed([1, 0, 0, 1, 1, 0]).pauses()).toEqual([
      { start: 0, end: 0, open: false },
      { start: 10, end: 30, open: false },
      { start: 50, end: 60, open: true },
    ]);
  });

  it('needs a low score to begin a pause and a high one to end it', () => {
    const finder = feed([1, 0.4, 0.34, 0.45, 0.49, 0.5, 0.4]);
    expect(finder.pauses().slice(1)).toEqual([{ start: 20, end: 50, open: false }]);
    expect(finder.speaking).toBe(true);
  });

  it('forgets pauses that ended, but not one that goes on', () => {
    const finder = feed([1, 0, 1, 0, 1, 0, 0]);
    finder.dropBefore(35);
    expect(finder.pauses()).toEqual([
      { start: 30, end: 40, open: false },
      { start: 50, end: 70, open: true },
    ]);
    finder.dropBefore(65);
    expect(finder.pauses()).toEqual([{ start: 50, end: 70, open: true }]);
  });
});

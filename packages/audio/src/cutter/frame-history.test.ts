import { describe, expect, it } from '@jest/globals';
import { FrameHistory } from './frame-history.ts';

function history(capacity: number, frames: [score: number, speech: boolean][]): FrameHistory {
  const filled = new FrameHistory(capacity, capacity);
  for (const [score, speech] of frames) filled.push(score, speech, false);
  return filled;
}

describe('the frame history', () => {
  it('finds the stretch with the lowest mean score', () => {
    const scores = [0.9, 0.5, 0.2, 0.9, 0.3, 0.3, 0.8];
    const filled = history(
      10,
      scores.map((score) => [score, false]),
    );
    expect(filled.leastSpeechLike(0, 7, 1)).toBe(2);
    expect(filled.leastSpeechLike(0, 7, 2)).toBe(4);
    expect(filled.leastSpeechLike(0, 4, 2)).toBe(1);
  });

  it('takes the first of equal stretches', () => {
    const filled = history(10, new Array<[number, boolean]>(8).fill([0.7, true]));
    expect(filled.leastSpeechLike(3, 8, 2)).toBe(3);
  });

  it('falls back on the start when a stretch does not fit', () => {
    expect(history(10, [[0.5, false]]).leastSpeechLike(0, 1, 6)).toBe(0);
  });

  it('sums up a range, also where its memory wraps around', () => {
    const filled = history(4, [
      [0.9, true],
      [0.7, true],
      [0.2, false],
      [0.71, true],
      [0.9, true],
    ]);
    expect(filled.count).toBe(5);
    expect(filled.summary(1, 5)).toEqual({ speechRatio: 0.75, longestClearRun: 2 });
    expect(filled.summary(2, 3)).toEqual({ speechRatio: 0, longestClearRun: 0 });
    expect(filled.summary(5, 5)).toEqual({ speechRatio: 0, longestClearRun: 0 });
  });

  it('takes doubtful speech for none', () => {
    expect(history(4, [[0.69, true]]).summary(0, 1)).toEqual({ speechRatio: 1, longestClearRun: 0 });
  });

  it('tells what is clearly speech', () => {
    const filled = new FrameHistory(4, 4);
    expect(filled.push(0.7, false, false)).toBe(true);
    expect(filled.push(0.69, true, true)).toBe(false);
  });

  it('knows which frames can be heard', () => {
    const filled = new FrameHistory(4, 2);
    for (const audible of [true, false, true, false, false]) filled.push(0, false, audible);
    expect(filled.isAudible(1, 5)).toBe(true);
    expect(filled.isAudible(3, 5)).toBe(false);
    expect(filled.isAudible(2, 2)).toBe(false);
  });

  it('may remember fewer scores than frames', () => {
    const filled = new FrameHistory(5, 3);
    for (const score of [0.9, 0.1, 0.8, 0.3, 0.6]) filled.push(score, true, true);
    expect(filled.leastSpeechLike(2, 5, 1)).toBe(3);
    expect(filled.summary(0, 5).longestClearRun).toBe(1);
  });
});

import { describe, expect, it } from '@jest/globals';
import { FrameHistory } from './frame-history.ts';

function history(capacity: number, frames: [score: number, energy: number, speech: boolean][]): FrameHistory {
  const filled = new FrameHistory(capacity);
  for (const [score, energy, speech] of frames) filled.push(score, energy, speech);
  return filled;
}

describe('the frame history', () => {
  it('finds the stretch with the lowest mean score', () => {
    const scores = [0.9, 0.5, 0.2, 0.9, 0.3, 0.3, 0.8];
    const filled = history(
      10,
      scores.map((score) => [score, 1, false]),
    );
    expect(filled.leastSpeechLike(0, 7, 1)).toBe(2);
    expect(filled.leastSpeechLike(0, 7, 2)).toBe(4);
    expect(filled.leastSpeechLike(0, 4, 2)).toBe(1);
  });

  it('breaks ties by energy, then by time', () => {
    const energies = [5, 4, 4, 1, 1, 3];
    const filled = history(
      10,
      energies.map((energy) => [0.7, energy, true]),
    );
    expect(filled.leastSpeechLike(0, 6, 1)).toBe(3);
    expect(filled.leastSpeechLike(0, 3, 1)).toBe(1);
  });

  it('falls back on the start when a stretch does not fit', () => {
    expect(history(10, [[0.5, 1, false]]).leastSpeechLike(0, 1, 6)).toBe(0);
  });

  it('sums up a range, also where its memory wraps around', () => {
    const filled = history(4, [
      [0, 9, true],
      [0, 1, true],
      [0, 2, false],
      [0, 7, true],
      [0, 3, true],
    ]);
    expect(filled.count).toBe(5);
    expect(filled.summary(1, 5)).toEqual({ speechRatio: 0.75, longestSpeech: 2, loudest: 7 });
    expect(filled.summary(2, 3)).toEqual({ speechRatio: 0, longestSpeech: 0, loudest: 2 });
    expect(filled.summary(5, 5)).toEqual({ speechRatio: 0, longestSpeech: 0, loudest: 0 });
  });
});

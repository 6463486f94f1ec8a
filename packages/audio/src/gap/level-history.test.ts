import { describe, expect, it } from '@jest/globals';
import { LevelHistory } from './level-history.ts';

/** Energies of five bands at levels in dB. */
function energies(...levels: number[]): Float64Array {
  return Float64Array.from(levels, (level) => 10 ** (level / 10));
}

describe('the history of levels', () => {
  it('finds the floor and the range of each band', () => {
    const history = new LevelHistory(100, 0);
    for (let frame = 0; frame < 100; frame += 1) history.push(energies(frame / 2, 30, 0, 40, 50));
    history.survey();
    expect([...history.floors]).toEqual([4.5, 30, 0, 40, 50]);
    expect([...history.ranges]).toEqual([40, 0, 0, 0, 0]);
  });

  it('forgets frames that are too old', () => {
    const history = new LevelHistory(10, 0);
    for (const level of [60, 20]) {
      for (let frame = 0; frame < 10; frame += 1) history.push(energies(level, level, level, level, level));
    }
    history.survey();
    expect([...history.floors]).toEqual([20, 20, 20, 20, 20]);
    expect(history.count).toBe(20);
  });

  it('keeps the last frames in a row', () => {
    const history = new LevelHistory(100, 0);
    for (let frame = 0; frame < 30; frame += 1) history.push(energies(frame, 0, 0, 0, 0));
    const highest = Array.from({ length: 24 }, (_, frame) => history.recent[history.recentStart + 5 * frame]);
    expect(highest).toEqual(Array.from({ length: 24 }, (_, frame) => frame + 6));
  });

  it('puts the bands of a telephone where they belong', () => {
    const history = new LevelHistory(10, 1);
    history.push(energies(10, 20, 30, 40, 50));
    history.survey();
    expect([...history.floors]).toEqual([0, 10, 20, 30, 40]);
  });

  it('takes digital silence and full scale', () => {
    const history = new LevelHistory(1, 0);
    history.push(new Float64Array(5));
    history.survey();
    expect([...history.floors]).toEqual([0, 0, 0, 0, 0]);
    history.push(new Float64Array(5).fill(32_768 ** 2));
    history.survey();
    expect([...history.floors]).toEqual([90.5, 90.5, 90.5, 90.5, 90.5]);
  });
});

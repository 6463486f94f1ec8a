import { describe, expect, it } from '@jest/globals';
import { GapChooser } from './gap-chooser.ts';

/** The cuts in a track whose places have the given odds, all others being amid words. */
function chosen(odds: Record<number, number>, frames = 1300): [frame: number, sure: boolean][] {
  const chooser = new GapChooser({ earliest: 500, latest: 1238 });
  const found: [number, boolean][] = [];
  for (let frame = 0; frame < frames; frame += 1) {
    if (frame >= chooser.wanted) chooser.push(frame, odds[frame] ?? -20);
    for (let gap = chooser.next(frame); gap !== undefined; gap = chooser.next(frame)) {
      found.push([gap.frame, gap.sure]);
    }
  }
  return found;
}

describe('the chooser of gaps', () => {
  it('takes a place that is sure as soon as nothing better follows', () => {
    expect(chosen({ 499: 12, 520: 11, 524: 12, 560: 15 }, 600)).toEqual([[524, true]]);
    expect(chosen({ 524: 12 }, 524 + 5)).toEqual([]);
  });

  it('asks for less the longer the best place is behind', () => {
    expect(chosen({ 510: 2.5, 700: 2.4 }, 600)).toEqual([]);
    expect(chosen({ 510: 2.5, 700: 2.4 }, 1000)).toEqual([[510, true]]);
  });

  it('takes a better place in the meantime', () => {
    expect(chosen({ 510: 2.5, 700: 12 }, 1000)).toEqual([[700, true]]);
  });

  it('takes the best of poor places when the segment has to end, the earlier of two alike', () => {
    expect(chosen({ 510: -8, 900: -8, 1000: -9 })).toEqual([[510, false]]);
    expect(chosen({ 510: -12, 600: -8 })).toEqual([[600, false]]);
  });

  it('looks again at places that lie behind when the segment before them was cut late', () => {
    expect(chosen({ 510: -8, 1015: -9 }, 1800)).toEqual([
      [510, false],
      [1015, false],
    ]);
  });

  it('starts anew where it is told to', () => {
    const chooser = new GapChooser({ earliest: 500, latest: 1238 });
    chooser.restart(777);
    expect(chooser.wanted).toBe(1277);
    expect(chooser.next(1276)).toBeUndefined();
  });
});

import { describe, expect, it } from '@jest/globals';
import { type CutPolicy, type CutWindow, choosePause } from './cut-policy.ts';
import type { Pause } from './pause-finder.ts';

/** In milliseconds, as if the rate were 1000 Hz. */
const lengths = { shortest: 200, shortestInWindow: 100, settled: 600, wanted: 500, decaySamples: 5000 };

function choose(
  policy: CutPolicy,
  pauses: Pause[],
  window: Partial<CutWindow> = {},
): [number, number] | undefined {
  const whole = { earliest: 10_000, latest: 25_000, now: 14_000, closing: false, ...window };
  const pause = choosePause({ policy, lengths }, pauses, whole);
  return pause === undefined ? undefined : [pause.start, pause.end];
}

function pause(start: number, end: number, open = false): Pause {
  return { start, end, open };
}

describe('the policy "first"', () => {
  it('takes the first pause that is long enough', () => {
    const pauses = [pause(11_000, 11_199), pause(12_000, 12_200), pause(13_000, 13_900)];
    expect(choose('first', pauses)).toEqual([12_000, 12_200]);
    expect(choose('first', pauses.slice(0, 1))).toBeUndefined();
  });

  it('takes what lies in the window, if that is 100 ms at least', () => {
    expect(choose('first', [pause(9000, 10_100)])).toEqual([10_000, 10_100]);
    expect(choose('first', [pause(9000, 10_099)])).toBeUndefined();
    expect(choose('first', [pause(24_900, 25_500)])).toEqual([24_900, 25_000]);
  });

  it('waits for the end of an open pause, up to 600 ms or until the segment must end', () => {
    expect(choose('first', [pause(12_000, 12_599, true)])).toBeUndefined();
    expect(choose('first', [pause(12_000, 12_600, true)])).toEqual([12_000, 12_600]);
    expect(choose('first', [pause(12_000, 12_250, true)], { closing: true })).toEqual([12_000, 12_250]);
  });
});

describe('the policy "longest"', () => {
  const pauses = [pause(11_000, 11_300), pause(12_000, 12_450), pause(13_000, 13_250)];

  it('waits until the segment must end', () => {
    expect(choose('longest', pauses)).toBeUndefined();
    expect(choose('longest', pauses, { closing: true })).toEqual([12_000, 12_450]);
  });

  it('finds nothing where there is no pause', () => {
    expect(choose('longest', [pause(12_000, 12_100)], { closing: true })).toBeUndefined();
  });
});

describe('the policy "decay"', () => {
  it('asks for less as time goes by', () => {
    const pauses = [pause(11_000, 11_300), pause(12_000, 12_380)];
    expect(choose('decay', pauses, { now: 11_900 })).toBeUndefined();
    expect(choose('decay', pauses, { now: 12_100 })).toEqual([12_000, 12_380]);
    expect(choose('decay', [pause(10_500, 10_700)], { now: 14_999 })).toBeUndefined();
    expect(choose('decay', [pause(10_500, 10_700)], { now: 15_000 })).toEqual([10_500, 10_700]);
    expect(choose('decay', [pause(10_500, 10_700)], { now: 24_000 })).toEqual([10_500, 10_700]);
  });

  it('takes the longest pause when the segment must end', () => {
    expect(choose('decay', [pause(10_200, 10_410)], { now: 11_000, closing: true })).toEqual([
      10_200, 10_410,
    ]);
  });
});

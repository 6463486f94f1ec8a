import { describe, expect, it } from '@jest/globals';
import { type Babble, createBabble } from './babble.ts';

const TICK = 320;

/** The next samples. */
function next(babble: Babble, count: number): Int16Array {
  const tick = new Int16Array(count).fill(1);
  babble.next(tick);
  return tick;
}

/** Lengths of what is said and of the pauses between, in ticks, of the first `ticks`. */
function turnsOf(random: () => number, ticks: number): { speaks: boolean; ticks: number }[] {
  const babble = createBabble(random);
  const turns: { speaks: boolean; ticks: number }[] = [];
  for (let tick = 0; tick < ticks; tick += 1) {
    const speaks = next(babble, TICK).some((sample) => sample !== 0);
    const last = turns.at(-1);
    if (last?.speaks === speaks) last.ticks += 1;
    else turns.push({ speaks, ticks: 1 });
  }
  return turns;
}

describe('babble', () => {
  it('speaks for about a second or two, and pauses long enough to be cut in', () => {
    const turns = turnsOf(Math.random, 5000).slice(1, -1);
    expect(turns.length).toBeGreaterThan(40);
    for (const { speaks, ticks } of turns) {
      expect(ticks).toBeGreaterThanOrEqual(speaks ? 40 : 15);
      expect(ticks).toBeLessThanOrEqual(speaks ? 126 : 41);
    }
  });

  it('begins anywhere: two peers that started together do not pause together', () => {
    const starts = [0.1, 0.4, 0.6, 0.9].map((value) => turnsOf(() => value, 200)[0]);
    expect(new Set(starts.map((turn) => `${turn?.speaks} ${turn?.ticks}`)).size).toBe(4);
  });

  it('hums on without a jump from tick to tick, whatever their length', () => {
    const babble = createBabble(() => 0.4);
    const whole = [
      ...next(
        createBabble(() => 0.4),
        642,
      ),
    ];
    expect([...next(babble, 321), ...next(babble, 321)]).toEqual(whole);
    expect(Math.max(...whole)).toBeGreaterThan(5000);
  });
});

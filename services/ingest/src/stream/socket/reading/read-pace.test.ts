import { afterEach, describe, expect, it } from '@jest/globals';
import { ReadPace } from './read-pace.ts';

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
const leaves: (() => void)[] = [];

afterEach(() => {
  for (const leave of leaves.splice(0)) leave();
});

/** Adds members that note their turns as [member, when]. */
function members(pace: ReadPace, count: number): [number, number][] {
  const turns: [number, number][] = [];
  for (let member = 0; member < count; member += 1) {
    leaves.push(pace.add({ turn: () => void turns.push([member, performance.now()]) }));
  }
  return turns;
}

describe('a read pace', () => {
  it('gives every member a turn in an interval, and no two of few at the same time', async () => {
    const turns = members(new ReadPace(80), 8);
    await pause(400);
    const counts = Array.from({ length: 8 }, (_, member) => turns.filter(([who]) => who === member).length);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...counts)).toBeLessThanOrEqual(6);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  });

  it('catches up after the process was held up, each member once', async () => {
    const turns = members(new ReadPace(80), 16);
    await pause(100);
    turns.length = 0;
    for (const until = performance.now() + 400; performance.now() < until; );
    await pause(9);
    const first = turns.map(([who]) => who).slice(0, 16);
    expect(new Set(first).size).toBe(16);
  });

  it('gives no turn to who has left, and rests when all have', async () => {
    const pace = new ReadPace(20);
    const turns = members(pace, 2);
    await pause(60);
    for (const leave of leaves.splice(0)) leave();
    turns.length = 0;
    await pause(60);
    expect(turns).toEqual([]);
    const again = members(pace, 1);
    await pause(60);
    expect(again.length).toBeGreaterThan(0);
  });
});

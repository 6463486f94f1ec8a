import { describe, expect, it } from '@jest/globals';
import { Surplus } from './surplus.ts';

const TARGET = 960;
const TICK = 320;

/** Shows ticks that leave `waiting` samples; tells how often one had to be left out. */
function show(surplus: Surplus, waiting: number, ticks: number): number {
  let times = 0;
  for (let tick = 0; tick < ticks; tick += 1) if (surplus.mustEase(waiting)) times += 1;
  return times;
}

describe('Surplus', () => {
  it('is there when a whole tick more than the target waited all of a second', () => {
    const surplus = new Surplus();
    show(surplus, TARGET + TICK, 49);
    expect(surplus.present).toBe(false);
    show(surplus, TARGET + TICK, 1);
    expect(surplus.present).toBe(true);
    show(surplus, TARGET + TICK - 1, 1);
    show(surplus, 9000, 49);
    expect(surplus.present).toBe(false);
  });

  it('must be eased once a second when nothing quiet came', () => {
    const surplus = new Surplus();
    expect(show(surplus, 9000, 50)).toBe(0);
    expect(show(surplus, 9000, 49)).toBe(0);
    expect(show(surplus, 9000, 1)).toBe(1);
    expect(show(surplus, 9000, 50)).toBe(1);
  });

  it('need not be eased in a second that had something quiet', () => {
    const surplus = new Surplus();
    show(surplus, 9000, 50);
    surplus.eased();
    expect(show(surplus, 9000, 50)).toBe(0);
    expect(show(surplus, 9000, 50)).toBe(1);
  });

  it('need not be eased when it went by itself', () => {
    const surplus = new Surplus();
    show(surplus, 9000, 50);
    expect(show(surplus, TARGET + TICK - 1, 50)).toBe(0);
  });

  it('counts what was left out as gone from the lowest point too', () => {
    const surplus = new Surplus();
    show(surplus, TARGET + 2 * TICK, 50);
    show(surplus, TARGET + TICK, 1);
    surplus.eased();
    show(surplus, 9000, 49);
    expect(surplus.present).toBe(false);
  });
});

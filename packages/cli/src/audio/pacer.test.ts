import { describe, expect, it } from '@jest/globals';
import { Pacer } from './pacer.ts';

function pacer(leadMs: number) {
  const clock = { now: 1000 };
  return { clock, pacer: new Pacer(leadMs, () => clock.now) };
}

describe('Pacer', () => {
  it('lets a lead through at once, and then the speed of speech', () => {
    const { clock, pacer: pace } = pacer(50);
    const waits = Array.from({ length: 5 }, () => {
      const waitMs = pace.gave(20);
      clock.now += waitMs;
      return waitMs;
    });
    expect(waits).toEqual([0, 0, 10, 20, 20]);
  });

  it('makes up for its own lateness within the lead', () => {
    const { clock, pacer: pace } = pacer(50);
    for (let frame = 0; frame < 3; frame += 1) clock.now += pace.gave(20);
    clock.now += 30;
    expect([pace.gave(20), pace.gave(20)]).toEqual([0, 10]);
  });

  it('does not hurry after it was held up for long', () => {
    const { clock, pacer: pace } = pacer(50);
    pace.gave(20);
    clock.now += 10_000;
    expect([pace.gave(20), pace.gave(20), pace.gave(20)]).toEqual([0, 0, 10]);
  });

  it('spreads one long piece over its own length', () => {
    expect(pacer(200).pacer.gave(5000)).toBe(4800);
  });
});

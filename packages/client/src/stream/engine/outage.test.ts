import { describe, expect, it } from '@jest/globals';
import { Outage } from './outage.ts';

const policy = { resumeForMs: 10_000, baseDelayMs: 100, maxDelayMs: 1000 };

function outage(random: number) {
  const clock = { now: 0, elapsedMs: () => clock.now, random: () => random };
  return { clock, outage: new Outage(policy, clock) };
}

describe('Outage', () => {
  it('doubles the longest wait up to its limit, and spreads waits down to none', () => {
    const late = outage(1).outage;
    expect([1, 2, 3, 4, 5, 6].map(() => late.nextDelayMs())).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(outage(0).outage.nextDelayMs()).toBe(0);
  });

  it('waits at least as long as the server asks', () => {
    expect(outage(0.5).outage.nextDelayMs(3000)).toBe(3050);
  });

  it('gives up when nothing got through for long enough, and never waits longer than that', () => {
    const { clock, outage: lost } = outage(1);
    expect(lost.nextDelayMs(60_000)).toBe(10_000);
    clock.now = 9500;
    expect(lost.nextDelayMs(5000)).toBe(500);
    clock.now = 10_000;
    expect(lost.nextDelayMs()).toBeUndefined();
  });

  it('begins anew once something got through', () => {
    const { clock, outage: flapping } = outage(1);
    flapping.nextDelayMs();
    clock.now = 9999;
    flapping.over();
    clock.now = 60_000;
    expect(flapping.nextDelayMs()).toBe(100);
    expect(flapping.tries).toBe(1);
  });
});

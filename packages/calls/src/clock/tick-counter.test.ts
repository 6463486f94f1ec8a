import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createTickCounter } from './tick-counter.ts';

describe('createTickCounter', () => {
  it('has a tick due when its 20 ms have passed', () => {
    const counter = createTickCounter(1000.5);
    expect(counter.nextAtMs).toBe(1020.5);
    expect([counter.due(1000.5), counter.due(1020.4), counter.due(1020.5), counter.due(1020.5)]).toEqual([
      0, 0, 1, 0,
    ]);
    expect(counter.nextAtMs).toBe(1040.5);
    expect(counter.due(1099)).toBe(3);
  });

  it('makes up for ten ticks at once and skips the rest for good', () => {
    const counter = createTickCounter(0);
    expect([counter.due(200), counter.skipped]).toEqual([10, 0]);
    expect([counter.due(420), counter.skipped]).toEqual([10, 1]);
    expect([counter.due(60_420), counter.skipped]).toEqual([10, 2991]);
    expect([counter.due(60_439), counter.due(60_440)]).toEqual([0, 1]);
  });

  it('has none due when the clock stands or goes back', () => {
    const counter = createTickCounter(0);
    counter.due(100);
    expect([counter.due(20), counter.due(-5), counter.due(119.9), counter.due(120)]).toEqual([0, 0, 0, 1]);
  });

  it('has a tick due at the time that it names, also where fractions do not come out even', () => {
    const counter = createTickCounter(5.540933039986675);
    expect(counter.due(counter.nextAtMs + 20)).toBe(2);
    expect((counter.nextAtMs - 5.540933039986675) / 20).toBeLessThan(3);
    expect(counter.due(counter.nextAtMs)).toBe(1);
  });

  it('loses no tick over any readings, and always has one due at the time that it names', () => {
    const waits = fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), waits, (startMs, steps) => {
        const counter = createTickCounter(startMs);
        let now = startMs;
        let ticks = 0;
        for (const wait of steps) {
          now += wait;
          ticks += counter.due(now);
          expect(counter.nextAtMs).toBeGreaterThan(now - 0.001);
          expect(Math.abs(ticks + counter.skipped - (now - startMs) / 20)).toBeLessThan(1.001);
        }
        now = counter.nextAtMs;
        expect(counter.due(now)).toBe(1);
      }),
    );
  });
});

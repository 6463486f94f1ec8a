import { describe, expect, it } from '@jest/globals';
import { DriftGauge } from './drift-gauge.ts';

/** Delays between 0 and `most` ms, repeatable (a linear congruential generator). */
function delays(most: number): () => number {
  let state = 7;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return (state / 2_147_483_648) * most;
  };
}

/** Sends `seconds` of 20 ms packets by a clock that is `ppm` fast. */
function sent(gauge: DriftGauge, run: { seconds: number; ppm: number; fromMs?: number; jitterMs?: number }) {
  const delay = delays(run.jitterMs ?? 0);
  let last = 0;
  for (let packet = 0; packet < run.seconds * 50; packet += 1) {
    const atMs = (run.fromMs ?? 0) + (packet * 20) / (1 + run.ppm / 1e6);
    last = Math.max(last, atMs + delay());
    gauge.took(320, last);
  }
  return last;
}

describe('DriftGauge', () => {
  it('tells nothing before a minute of audio has come', () => {
    const gauge = new DriftGauge();
    const last = sent(gauge, { seconds: 59, ppm: 0 });
    for (let packet = 1; packet < 50; packet += 1) gauge.took(320, last + packet * 20);
    expect(gauge.ppm).toBeNull();
    gauge.took(320, last + 1000);
    expect(gauge.ppm).toBe(0);
  });

  it('tells nothing of a minute that came all at once', () => {
    const gauge = new DriftGauge();
    gauge.took(16_000 * 120, 5);
    expect(gauge.ppm).toBeNull();
  });

  it.each([-20_000, -150, 0, 80, 500, 20_000])('measures a clock that is %d ppm fast', (ppm) => {
    const gauge = new DriftGauge();
    sent(gauge, { seconds: 300, ppm });
    expect(gauge.ppm).toBeCloseTo(ppm, 0);
  });

  it('measures through jitter of 40 ms to a few ppm', () => {
    const gauge = new DriftGauge();
    sent(gauge, { seconds: 600, ppm: 120, jitterMs: 40 });
    expect(Math.abs((gauge.ppm ?? 0) - 120)).toBeLessThan(5);
  });

  it('is not led astray by delay that sets in half way', () => {
    const gauge = new DriftGauge();
    const last = sent(gauge, { seconds: 60, ppm: 0 });
    const delay = delays(40);
    for (let packet = 1; packet <= 3000; packet += 1) gauge.took(320, last + packet * 20 + delay());
    expect(Math.abs(gauge.ppm ?? 99)).toBeLessThan(30);
  });

  it('goes on over a pause that a loss explains', () => {
    const gauge = new DriftGauge();
    const last = sent(gauge, { seconds: 30, ppm: 0 });
    gauge.lost(160_000);
    sent(gauge, { seconds: 31, ppm: 0, fromMs: last + 10_020 });
    expect(gauge.ppm).toBeCloseTo(0, 0);
  });

  it('counts audio that was lost as sent', () => {
    const gauge = new DriftGauge();
    for (let packet = 0; packet < 6000; packet += 1) {
      if (packet % 100 < 98) gauge.took(320, packet * 20);
      else gauge.lost(320);
    }
    gauge.lost(160_000);
    gauge.took(320, 130_000);
    expect(Math.abs(gauge.ppm ?? 99)).toBeLessThan(20);
  });

  it('begins anew after a pause that nobody told of, and holds what it found until then', () => {
    const gauge = new DriftGauge();
    const last = sent(gauge, { seconds: 120, ppm: 300 });
    sent(gauge, { seconds: 59, ppm: -300, fromMs: last + 30_000 });
    expect(gauge.ppm).toBeCloseTo(300, 0);
    sent(gauge, { seconds: 120, ppm: -300, fromMs: last + 200_000 });
    expect(gauge.ppm).toBeCloseTo(-300, 0);
  });
});

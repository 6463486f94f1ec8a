import { LIMITS } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createInboundLeg } from './inbound-leg.ts';

const TICK = 320;
const TARGET = 960;
const MOST = 16_000;

/** Samples that are never 0 and differ from their neighbours over 30,000 samples, so that each can be found again. */
function numbered(from: number, count: number): Int16Array {
  return Int16Array.from({ length: count }, (_, index) => 1000 + ((from + index) % 30_000));
}

function audible(samples: Int16Array): number[] {
  return [...samples].filter((sample) => sample !== 0);
}

describe('createInboundLeg', () => {
  it('gives whole ticks of silence until the target has come, then every sample in order', () => {
    const leg = createInboundLeg();
    leg.push(numbered(0, TARGET - 1), 0);
    expect(leg.tick()).toEqual(new Int16Array(TICK));
    leg.push(numbered(TARGET - 1, 1), 20);
    const out = Array.from({ length: 3 }, () => [...leg.tick()]).flat();
    expect(out).toEqual([...numbered(0, TARGET)]);
    expect(leg.figures).toEqual({ received: TARGET, insertedSilence: TICK, dropped: 0 });
  });

  it('plays less than the target after as much time as the target is long', () => {
    const leg = createInboundLeg();
    leg.tick();
    leg.push(numbered(0, 100), 0);
    const ticks = Array.from({ length: 4 }, () => audible(leg.tick()).length);
    expect(ticks).toEqual([0, 0, 0, 100]);
    expect(leg.figures).toEqual({ received: 100, insertedSilence: 5 * TICK - 100, dropped: 0 });
  });

  it('puts silence in when it runs dry and waits for the target again', () => {
    const leg = createInboundLeg();
    leg.push(numbered(0, TARGET + 20), 0);
    for (let tick = 0; tick < 3; tick += 1) leg.tick();
    const dry = leg.tick();
    expect([...dry]).toEqual([...numbered(TARGET, 20), ...new Int16Array(TICK - 20)]);
    leg.push(numbered(TARGET + 20, TICK), 80);
    expect(audible(leg.tick())).toEqual([]);
    leg.push(numbered(TARGET + 20 + TICK, 2 * TICK), 100);
    expect(leg.tick()).toEqual(numbered(TARGET + 20, TICK));
    expect(leg.figures.insertedSilence).toBe(TICK - 20 + TICK);
  });

  it('drops the oldest beyond the most that may wait, and not before', () => {
    const leg = createInboundLeg();
    leg.push(numbered(0, MOST), 0);
    expect(leg.figures.dropped).toBe(0);
    leg.push(numbered(MOST, 1), 1);
    expect(leg.figures.dropped).toBe(1);
    expect(leg.tick()).toEqual(numbered(1, TICK));
    leg.push(numbered(0, MOST + 7), 30);
    expect(leg.figures.dropped).toBe(1 + (MOST + 1 - 1 - TICK) + 7);
    expect(leg.tick()).toEqual(numbered(7, TICK));
  });

  it('keeps the place of lost audio as silence while less than the target waits', () => {
    const leg = createInboundLeg();
    leg.push(numbered(0, 640), 0);
    leg.lose(200);
    leg.push(numbered(840, 120), 20);
    const out = Array.from({ length: 3 }, () => [...leg.tick()]).flat();
    expect(out).toEqual([...numbered(0, 640), ...new Int16Array(200), ...numbered(840, 120)]);
    expect(leg.figures).toEqual({ received: 760, insertedSilence: 200, dropped: 0 });
  });

  it('adds no delay for lost audio that the clock has already filled', () => {
    const leg = createInboundLeg();
    leg.lose(5000);
    leg.push(numbered(0, TARGET), 0);
    leg.lose(5000);
    expect(leg.tick()).toEqual(numbered(0, TICK));
    leg.push(numbered(TARGET, 2 * TICK), 20);
    const out = Array.from({ length: 4 }, () => audible(leg.tick()).length);
    expect(out).toEqual([TICK, TICK, TICK, TICK]);
  });

  it('takes no silence for a loss that is none, and whole samples of one that is broken', () => {
    const leg = createInboundLeg();
    leg.push(numbered(0, 640), 0);
    for (const samples of [0, 0.9, -5, Number.NaN, 319.9]) leg.lose(samples);
    leg.push(numbered(640, 1), 20);
    const out = Array.from({ length: 3 }, () => [...leg.tick()]).flat();
    expect(out).toEqual([...numbered(0, 640), ...new Int16Array(319), ...numbered(640, 1)]);
  });

  it('measures the sender against the clock, lost audio included', () => {
    const leg = createInboundLeg();
    for (let packet = 0; packet < 6000; packet += 1) {
      if (packet % 50 === 7) leg.lose(TICK);
      else leg.push(numbered(0, TICK), packet * 19.99);
      leg.tick();
      if (packet === 2000) expect(leg.driftPpm).toBeNull();
    }
    expect(Math.abs((leg.driftPpm ?? 0) - 500)).toBeLessThan(5);
  });

  it('accounts for every sample whatever comes', () => {
    const input = fc.oneof(
      { weight: 4, arbitrary: fc.nat(700).map((samples) => ({ type: 'push' as const, samples })) },
      { weight: 1, arbitrary: fc.nat(40_000).map((samples) => ({ type: 'push' as const, samples })) },
      { weight: 1, arbitrary: fc.nat(3000).map((samples) => ({ type: 'lose' as const, samples })) },
      { weight: 6, arbitrary: fc.nat(12).map((samples) => ({ type: 'tick' as const, samples })) },
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 80 }), (inputs) => {
        const leg = createInboundLeg();
        let sent = 0;
        let ticks = 0;
        let whole = true;
        const heard: number[] = [];
        const tick = () => {
          ticks += 1;
          const out = leg.tick();
          whole &&= out.length === TICK;
          for (const sample of out) if (sample !== 0) heard.push(sample);
        };
        for (const { type, samples } of inputs) {
          if (type === 'push') {
            leg.push(numbered(sent, samples), ticks * 20);
            sent += samples;
          } else if (type === 'lose') leg.lose(samples);
          else for (let index = 0; index < samples; index += 1) tick();
          const { received, dropped, insertedSilence } = leg.figures;
          const waiting = received - dropped - heard.length;
          expect(received).toBe(sent);
          expect(waiting >= 0 && waiting <= MOST).toBe(true);
          expect(heard.length + insertedSilence).toBe(ticks * TICK);
        }
        for (let index = 0; index < MOST / TICK + 4; index += 1) tick();
        expect(heard.length + leg.figures.dropped).toBe(sent);
        expect([whole, isPartOf(heard, sent)]).toEqual([true, true]);
      }),
      { numRuns: 60 },
    );
  });
});

/** Whether the samples come from the numbered ones in order, each once at most. */
function isPartOf(heard: readonly number[], sent: number): boolean {
  let position = 0;
  for (const sample of heard) {
    position += (((sample - 1000 - position) % 30_000) + 30_000) % 30_000;
    if (position >= sent) return false;
    position += 1;
  }
  return true;
}

describe('the delay of an inbound leg', () => {
  /** Feeds 20 ms a tick after a burst, for `seconds`; tells what was left out and what waits at last. */
  function settle(run: { sample: (position: number) => number; burst: number; seconds: number }) {
    const leg = createInboundLeg();
    let sent = 0;
    const push = (count: number, atMs: number) => {
      leg.push(
        Int16Array.from({ length: count }, (_, index) => run.sample(sent + index)),
        atMs,
      );
      sent += count;
    };
    push(run.burst, 0);
    for (let tick = 1; tick <= run.seconds * 50; tick += 1) {
      leg.tick();
      push(TICK, tick * LIMITS.callTickMs);
    }
    const { received, dropped, insertedSilence } = leg.figures;
    return { dropped, waiting: received - dropped - (run.seconds * 50 * TICK - insertedSilence) };
  }

  it('shrinks to the target within three seconds when there are pauses', () => {
    const sample = (position: number) => (position % 32_000 < 16_000 ? 8000 : 100);
    const settled = settle({ sample, burst: MOST, seconds: 3 });
    expect(settled).toEqual({ dropped: MOST - TARGET - TICK, waiting: TARGET + TICK });
  });

  it('shrinks by one tick a second when nothing is quiet', () => {
    const [sample, burst] = [() => 8000, TARGET + 10 * TICK];
    expect(settle({ sample, burst, seconds: 6 }).dropped).toBe(5 * TICK);
    expect(settle({ sample, burst, seconds: 30 })).toEqual({ dropped: 9 * TICK, waiting: TARGET + TICK });
  });

  it('shrinks only as long as more than the target waits', () => {
    const leg = createInboundLeg();
    leg.push(new Int16Array(TARGET + 10 * TICK).fill(100), 0);
    for (let tick = 1; tick <= 50; tick += 1) {
      leg.tick();
      leg.push(new Int16Array(TICK).fill(100), tick * 20);
    }
    for (let tick = 0; tick < 8; tick += 1) expect(audible(leg.tick())).toHaveLength(TICK);
    expect(leg.figures).toEqual({ received: TARGET + 60 * TICK, insertedSilence: 0, dropped: 5 * TICK });
    expect(leg.tick()).toEqual(new Int16Array(TICK));
  });

  it('leaves nothing out when jitter uses what waits', () => {
    const leg = createInboundLeg();
    leg.push(new Int16Array(MOST), 0);
    for (let second = 0; second < 100; second += 1) {
      for (let tick = 0; tick < 50; tick += 1) leg.tick();
      leg.push(new Int16Array(50 * TICK), second * 1000 + 1000);
    }
    expect(leg.figures.dropped).toBe(0);
    expect(leg.figures.insertedSilence).toBe(0);
  });
});

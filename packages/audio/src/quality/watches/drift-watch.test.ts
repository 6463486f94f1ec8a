import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../testing/random.ts';
import { DriftWatch } from './drift-watch.ts';

interface Sender {
  /** How much its clock is fast, in parts. */
  readonly drift?: number;
  readonly frameMs?: number;
  /** How late what is made at a time arrives, ms. */
  readonly lateMs?: (seconds: number) => number;
}

/** What is found in ten minutes of a sender, percent; each value once. */
function drifts({ drift = 0, frameMs = 20, lateMs = () => 0 }: Sender): unknown[] {
  const watch = new DriftWatch(8000);
  const found = new Set<unknown>();
  let arrivedMs = 0;
  for (let frame = 1; frame * frameMs < 600_000; frame += 1) {
    const madeMs = (frame * frameMs) / (1 + drift);
    arrivedMs = Math.max(arrivedMs, madeMs + lateMs(madeMs / 1000));
    const verdict = watch.push(8 * frameMs, arrivedMs);
    if (verdict !== undefined) found.add(Math.round(Number(verdict.details?.['drift_percent'])));
  }
  return [...found];
}

/** Delays that are mostly short and at times many times the mean, ms. */
function jitter(meanMs: number): () => number {
  const random = seededRandom(1);
  return () => -meanMs * Math.log(1 - random());
}

describe('the drift watch', () => {
  it('finds clocks that are off by more than half a percent', () => {
    expect(drifts({ drift: 0.01, lateMs: jitter(20) })).toEqual([1]);
    expect(drifts({ drift: -0.01, lateMs: jitter(20) })).toEqual([-1]);
    expect(drifts({ drift: 0.01, frameMs: 5000 })).toEqual([1]);
    expect(drifts({ drift: -0.0813 })).toEqual([-8]);
  });

  it('lets smaller ones pass', () => {
    for (const drift of [0, 0.003, -0.003]) expect(drifts({ drift, lateMs: jitter(20) })).toEqual([]);
  });

  it('is not misled by jitter, bursts, stalls and resumes', () => {
    expect(drifts({ lateMs: jitter(200) })).toEqual([]);
    expect(drifts({ frameMs: 7000, lateMs: jitter(30) })).toEqual([]);
    expect(drifts({ lateMs: (seconds) => Math.max(0, 3 - (seconds % 40)) * 1000 })).toEqual([]);
    expect(drifts({ lateMs: (seconds) => Math.max(0, 25 - (seconds % 120)) * 1000 })).toEqual([]);
  });

  it('leaves uploads alone that are much faster than real time', () => {
    for (const drift of [0.6, 2, 30]) expect(drifts({ drift })).toEqual([]);
  });

  it('counts what is known to be missing', () => {
    const watch = new DriftWatch(8000);
    let found = 0;
    for (let second = 0; second < 300; second += 1) {
      watch.skip(400);
      if (watch.push(7600, 1000 * second) !== undefined) found += 1;
    }
    expect(found).toBe(0);
  });
});

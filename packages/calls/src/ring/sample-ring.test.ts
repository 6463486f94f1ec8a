import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SampleRing } from './sample-ring.ts';

const count = fc.oneof(fc.nat(40), fc.nat(9000));
const step = fc.oneof(
  count.map((samples) => ({ type: 'push' as const, samples })),
  count.map((samples) => ({ type: 'silence' as const, samples })),
  count.map((samples) => ({ type: 'shift' as const, samples })),
  count.map((samples) => ({ type: 'drop' as const, samples })),
);

describe('SampleRing', () => {
  it('gives back what was put in, in order, however reading and writing alternate', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ring = new SampleRing(20_000);
        let model: number[] = [];
        let next = 0;
        for (const { type, samples } of steps) {
          const put = Math.min(samples, ring.room);
          if (type === 'push') {
            const piece = Int16Array.from({ length: put }, () => (next = (next % 32_000) + 1));
            ring.push(piece);
            model.push(...piece);
          } else if (type === 'silence') {
            ring.pushSilence(put);
            model.push(...new Array<number>(put).fill(0));
          } else if (type === 'shift') {
            const into = new Int16Array(samples);
            const got = ring.shift(into);
            expect(into.subarray(0, got)).toEqual(Int16Array.from(model.slice(0, samples)));
            model = model.slice(samples);
          } else {
            expect(ring.peak(samples)).toBe(model.slice(0, samples).reduce((a, b) => Math.max(a, b), 0));
            ring.drop(samples);
            model = model.slice(samples);
          }
          expect([ring.length, ring.room]).toEqual([model.length, 20_000 - model.length]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('takes its most and not one sample more', () => {
    const ring = new SampleRing(100_000);
    ring.push(new Int16Array(99_999));
    ring.push(Int16Array.of(-7));
    expect(() => ring.push(Int16Array.of(1))).toThrow(RangeError);
    expect(() => ring.pushSilence(1)).toThrow(RangeError);
    ring.drop(99_999);
    expect(ring.peak(1)).toBe(7);
    ring.drop(1);
    ring.push(Int16Array.of(5));
    const into = new Int16Array(2);
    expect(ring.shift(into)).toBe(1);
    expect([...into]).toEqual([5, 0]);
  });

  it('puts silence over what lay there, around the end of its memory too', () => {
    const ring = new SampleRing(10);
    ring.push(new Int16Array(8).fill(5));
    ring.drop(6);
    ring.pushSilence(6);
    ring.push(Int16Array.of(7));
    const into = new Int16Array(10);
    expect(ring.shift(into)).toBe(9);
    expect([...into]).toEqual([5, 5, 0, 0, 0, 0, 0, 0, 7, 0]);
  });

  it('keeps no reference to what was put in', () => {
    const ring = new SampleRing(10);
    const samples = Int16Array.of(1);
    ring.push(samples);
    samples[0] = 2;
    expect(ring.peak(1)).toBe(1);
  });
});

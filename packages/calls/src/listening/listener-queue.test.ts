import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createListenerQueue } from './listener-queue.ts';

const MOST = 32_000;

function numbered(from: number, count: number): Int16Array {
  return Int16Array.from({ length: count }, (_, index) => (from + index) % 32_768);
}

describe('createListenerQueue', () => {
  it('cuts audio of any length into whole frames and keeps the rest until it is flushed', () => {
    const queue = createListenerQueue({ frameSamples: 4 });
    queue.push(numbered(0, 3));
    expect(queue.take()).toEqual([]);
    queue.push(numbered(3, 6));
    expect(queue.take().map((frame) => [...frame])).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    expect(queue.waitingMs).toBe(1);
    expect(queue.take({ flush: true }).map((frame) => [...frame])).toEqual([[8]]);
    expect(queue.take({ flush: true })).toEqual([]);
    expect(queue.waitingMs).toBe(0);
  });

  it('holds two seconds, then drops the newest as one gap until frames are taken', () => {
    const queue = createListenerQueue({ frameSamples: 320 });
    queue.push(numbered(0, MOST));
    expect([queue.waitingMs, queue.takeGap()]).toEqual([2000, 0]);
    queue.push(numbered(0, 1));
    expect([queue.waitingMs, queue.takeGap()]).toEqual([2000, 1]);
    expect(queue.take()).toHaveLength(100);
    queue.push(numbered(5, 320));
    expect(queue.takeGap()).toBe(0);
    expect(queue.take()).toEqual([numbered(5, 320)]);
  });

  it('takes the part of a long piece that fits and nothing more until frames are taken', () => {
    const queue = createListenerQueue({ frameSamples: 16_000 });
    queue.push(numbered(0, MOST + 10));
    expect(queue.takeGap()).toBe(10);
    queue.push(numbered(0, 5));
    expect(queue.takeGap()).toBe(5);
    expect(queue.take()).toEqual([numbered(0, 16_000), numbered(16_000, 16_000)]);
  });

  it('refuses a frame length that could never be taken', () => {
    for (const frameSamples of [0, -1, 1.5, 16_001, Number.NaN]) {
      expect(() => createListenerQueue({ frameSamples })).toThrow(RangeError);
    }
  });

  it('gives every sample once and in order, or counts it', () => {
    const step = fc.oneof(
      fc.nat(2000).map((samples) => ({ push: samples })),
      fc.nat(40_000).map((samples) => ({ push: samples })),
      fc.boolean().map((flush) => ({ flush })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.integer({ min: 20, max: 960 }), (steps, frame) => {
        const queue = createListenerQueue({ frameSamples: frame });
        /** Every sample by its number: what was pushed and not dropped, and what came out. */
        const kept: number[] = [];
        const out: number[] = [];
        let sent = 0;
        for (const step of [...steps, { flush: true }]) {
          if ('push' in step) {
            queue.push(numbered(sent, step.push));
            const gap = queue.takeGap();
            for (let at = 0; at < step.push - gap; at += 1) kept.push((sent + at) % 32_768);
            sent += step.push;
            expect(queue.waitingMs <= 2000).toBe(true);
          } else {
            const frames = queue.take(step);
            for (const piece of frames) for (const sample of piece) out.push(sample);
            expect(frames.slice(0, -1).every((piece) => piece.length === frame)).toBe(true);
            expect(step.flush || frames.every((piece) => piece.length === frame)).toBe(true);
          }
        }
        expect(out.length).toBe(kept.length);
        expect(out.every((sample, index) => sample === kept[index])).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});

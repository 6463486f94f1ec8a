import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ReplayBuffer } from './replay-buffer.ts';

describe('ReplayBuffer', () => {
  it('gives back every held byte, however it was filled, read and released', () => {
    const step = fc.record({
      append: fc.integer({ min: 0, max: 100_000 }),
      release: fc.double({ min: 0, max: 1, noNaN: true }),
      read: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const buffer = new ReplayBuffer();
        const all: number[] = [];
        for (const { append, release, read } of steps) {
          const bytes = Uint8Array.from({ length: append }, (_, at) => (all.length + at) % 253);
          buffer.append(bytes);
          bytes.fill(255);
          for (let at = 0; at < append; at += 1) all.push(all.length % 253);
          buffer.release(Math.floor(buffer.first + release * buffer.heldBytes));
          const from = Math.floor(buffer.first + read * buffer.heldBytes);
          expect(
            Buffer.from(buffer.read(from, 70_000)).equals(Uint8Array.from(all.slice(from, from + 70_000))),
          ).toBe(true);
          expect(buffer.end).toBe(all.length);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('does not give what it has let go of', () => {
    const buffer = new ReplayBuffer();
    buffer.append(new Uint8Array(200_000));
    buffer.release(150_000);
    expect(() => buffer.read(0, 10)).toThrow(RangeError);
    buffer.release(10);
    expect(buffer.first).toBe(150_000);
  });
});

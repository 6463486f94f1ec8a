import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { takeFloats, takeSamples } from './sample-slab.ts';

describe('samples of a slab', () => {
  it('are zeros that nobody else has, however many are taken', () => {
    const kinds = fc.record({ floats: fc.boolean(), count: fc.nat(5000) });
    fc.assert(
      fc.property(fc.array(kinds, { maxLength: 100 }), (asked) => {
        const pieces = asked.map(({ floats, count }, index) => {
          const piece = floats ? takeFloats(count) : takeSamples(count);
          expect(piece.length).toBe(count);
          expect(piece.every((sample) => sample === 0)).toBe(true);
          return piece.fill(index + 1);
        });
        pieces.forEach((piece, index) => {
          expect(piece.every((sample) => sample === index + 1)).toBe(true);
        });
      }),
      { numRuns: 50 },
    );
  });

  it('share memory when they are few, and have their own when they are many', () => {
    const few = Array.from({ length: 40 }, () => takeSamples(320).buffer);
    expect(new Set(few).size).toBeLessThanOrEqual(2);
    expect(takeSamples(4097).buffer.byteLength).toBe(8194);
    expect(takeFloats(2049).buffer.byteLength).toBe(8196);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addClipped, clipSum } from './clip-sum.ts';

const audio = fc.array(fc.integer({ min: -32_768, max: 32_767 }), { maxLength: 50 });

describe('clipSum', () => {
  it('holds sums beyond 16 bits at full scale, and no others', () => {
    const a = Int16Array.of(32_767, -32_768, 32_767, -32_768, 20_000, -20_000, 3);
    const b = Int16Array.of(1, -1, 0, 0, 12_767, -12_768, -5);
    expect([...clipSum(a, b)]).toEqual([32_767, -32_768, 32_767, -32_768, 32_767, -32_768, -2]);
  });

  it('is the sum of any two pieces, whichever comes first, and leaves them alone', () => {
    fc.assert(
      fc.property(audio, audio, (first, second) => {
        const [a, b] = [Int16Array.from(first), Int16Array.from(second)];
        const expected = Array.from({ length: Math.max(a.length, b.length) }, (_, index) => {
          const sum = (first[index] ?? 0) + (second[index] ?? 0);
          return sum > 32_767 ? 32_767 : Math.max(sum, -32_768);
        });
        expect([...clipSum(a, b)]).toEqual(expected);
        expect([...clipSum(b, a)]).toEqual(expected);
        expect([[...a], [...b]]).toEqual([first, second]);
      }),
    );
  });
});

describe('addClipped', () => {
  it('touches only its place', () => {
    const into = Int16Array.of(1, 2, 3, 4);
    addClipped(into, Int16Array.of(10, 32_767), 1);
    expect([...into]).toEqual([1, 12, 32_767, 4]);
  });

  it('refuses samples that do not fit', () => {
    expect(() => addClipped(new Int16Array(3), new Int16Array(2), 2)).toThrow(RangeError);
    expect(() => addClipped(new Int16Array(3), new Int16Array(1), -1)).toThrow(RangeError);
  });
});

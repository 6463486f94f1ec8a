import { describe, expect, it } from '@jest/globals';
import { mixInto } from './mix.ts';

describe('mixing', () => {
  it('adds sample by sample and clips at either end of 16 bits', () => {
    const mixed = Int16Array.of(1, 30_000, -30_000, 32_767, -32_768, 5);
    mixInto(mixed, Int16Array.of(2, 30_000, -30_000, -32_768, -1));
    expect([...mixed]).toEqual([3, 32_767, -32_768, -1, -32_768, 5]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { parseRange } from './byte-range.ts';

describe('a Range header', () => {
  it.each([
    [undefined, undefined],
    ['bytes=0-9', { start: 0, end: 10 }],
    ['bytes=90-', { start: 90, end: 100 }],
    ['bytes=-10', { start: 90, end: 100 }],
    ['bytes=0-1000', { start: 0, end: 100 }],
    ['bytes=0-1,5-6', undefined],
    ['items=0-1', undefined],
    ['bytes=-', undefined],
  ])('%j of 100 bytes is %j', (header, expected) => {
    expect(parseRange(header, 100)).toEqual(expected);
  });

  it.each(['bytes=100-', 'bytes=50-40', 'bytes=-0'])('%j is not satisfiable', (header) => {
    expect(() => parseRange(header, 100)).toThrow(expect.objectContaining({ code: 'range_not_satisfiable' }));
  });
});

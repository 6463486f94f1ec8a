import { describe, expect, it } from '@jest/globals';
import { anyField, identifierField, objectField, safeLabel, wholeNumber } from './fields.ts';

describe('fields of a message', () => {
  it('are found in the first spelling that is there', () => {
    expect(anyField({ sample_rate: 1, sampleRate: 2 }, 'sampleRate', 'sample_rate')).toBe(2);
    expect(anyField({ sample_rate: 1 }, 'sampleRate', 'sample_rate')).toBe(1);
    expect(anyField(null, 'sampleRate')).toBeUndefined();
  });

  it('are never inherited', () => {
    for (const name of ['toString', 'constructor', '__proto__']) expect(anyField({}, name)).toBeUndefined();
  });

  it('are objects only when they are', () => {
    expect(objectField({ start: { a: 1 } }, 'start')).toEqual({ a: 1 });
    for (const start of [[], null, 'start', 7]) expect(objectField({ start }, 'start')).toBeNull();
  });

  it('are identifiers only in printable ASCII', () => {
    expect(identifierField({ id: 'CA-1_x' }, 'id')).toBe('CA-1_x');
    expect(identifierField({ id: 12 }, 'id')).toBe('12');
    expect(identifierField({ id: 'a b' }, 'id')).toBeNull();
  });
});

describe('wholeNumber', () => {
  it.each([
    [0, 0],
    ['007', 7],
    [2 ** 53 - 1, 2 ** 53 - 1],
  ])('reads %j', (value, number) => {
    expect(wholeNumber(value)).toBe(number);
  });

  it.each([
    -1,
    0.5,
    2 ** 53,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    '-1',
    '1e3',
    ' 1',
    '0x1',
    '1'.repeat(16),
    null,
    true,
  ])('refuses %j', (value) => {
    expect(wholeNumber(value)).toBeNull();
  });
});

describe('safeLabel', () => {
  it('repeats short plain words and nothing else', () => {
    expect(safeLabel('audio/x-l16;rate=8000')).toBe('audio/x-l16;rate=8000');
    expect(safeLabel(44_100)).toBe('44100');
    for (const other of ['a\nb', 'x'.repeat(65), '', {}, undefined])
      expect(safeLabel(other)).toBe('(unprintable)');
  });
});

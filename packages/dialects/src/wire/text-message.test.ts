import { LIMITS } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseTextMessage } from './text-message.ts';

const parse = (text: string) => parseTextMessage(new TextEncoder().encode(text));
const nested = (depth: number, rest = '') => `${'{"a":'.repeat(depth - 1)}{${rest}}${'}'.repeat(depth - 1)}`;

describe('parseTextMessage', () => {
  it('gives any object that JSON can write', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (value) => {
        expect(parse(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each(['', ' ', 'hello', '[]', '"text"', '7', 'null', 'true', '{', '{"a":1}x', '{"a":NaN}', '\ufeff{}'])(
    'takes %j for malformed',
    (text) => {
      expect(parse(text)).toBeNull();
    },
  );

  it.each([
    ['an overlong NUL', [0xc0, 0x80]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a code point beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
    ['a sequence that is cut off', [0xe2, 0x82]],
  ])('takes %s for malformed', (_, bytes) => {
    expect(parseTextMessage(Uint8Array.from([0x7b, 0x22, ...bytes, 0x22, 0x3a, 0x31, 0x7d]))).toBeNull();
  });

  it('takes nesting up to the limit and closes the stream beyond it', () => {
    expect(parse(nested(LIMITS.maxJsonDepth))).not.toBeNull();
    expect(() => parse(nested(LIMITS.maxJsonDepth + 1))).toThrow(
      expect.objectContaining({ code: 'malformed_frame' }),
    );
    expect(() => parse('['.repeat(100_000))).toThrow(expect.objectContaining({ code: 'malformed_frame' }));
  });

  it('does not count brackets inside strings', () => {
    const brackets = '[{'.repeat(50);
    expect(parse(JSON.stringify({ a: `${brackets}\\"${brackets}`, [`${brackets}"`]: '\\' }))).not.toBeNull();
  });

  it('keeps prototypes as they are', () => {
    const message = parse('{"__proto__":{"event":"media"},"constructor":{"prototype":{"polluted":1}}}');
    expect(message?.['event']).toBeUndefined();
    expect(Object.prototype).not.toHaveProperty('polluted');
    expect(Object.prototype).not.toHaveProperty('event');
  });
});

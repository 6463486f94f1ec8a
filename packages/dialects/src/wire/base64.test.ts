import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeBase64, encodeBase64 } from './base64.ts';

describe('decodeBase64', () => {
  it('gives back any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual(bytes);
      }),
    );
  });

  it.each([
    ['a character outside the alphabet', 'AA*A'],
    ['the URL alphabet', 'AA-_'],
    ['missing padding', 'AAA'],
    ['a length that is no multiple of four', 'AAAAA'],
    ['padding in the middle', 'AA==AAAA'],
    ['too much padding', 'A==='],
    ['nothing but padding', '===='],
    ['padding before data', 'AA=A'],
    ['white space', 'AAAA\nAAA'],
    ['letters of other scripts', 'ААAA'],
    ['an astral character', '😀AA'],
  ])('refuses %s', (_, text) => {
    expect(decodeBase64(text)).toBeNull();
  });

  it('takes what a strict alphabet allows and refuses all else, whatever the text', () => {
    const strict = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
    const nearly = fc.string({
      unit: fc.constantFrom('A', 'z', '9', '+', '/', '=', '-', ' '),
      maxLength: 12,
    });
    fc.assert(
      fc.property(nearly, (text) => {
        expect(decodeBase64(text) !== null).toBe(strict.test(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives no bytes for no text', () => {
    expect(decodeBase64('')).toEqual(new Uint8Array(0));
  });
});

describe('encodeBase64', () => {
  it('writes any bytes as everybody does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      }),
    );
  });
});

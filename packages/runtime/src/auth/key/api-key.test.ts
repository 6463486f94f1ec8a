import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatKey, hashKey, isMistypedKey } from './api-key.ts';

describe('an API key', () => {
  it('carries 256 random bits and a checksum behind its prefix', () => {
    const key = formatKey('live', randomBytes(32));
    expect(key).toMatch(/^sk_live_[0-9A-Za-z]{49}$/);
    expect(formatKey('test', randomBytes(32))).toMatch(/^sk_test_/);
    expect(isMistypedKey(key)).toBe(false);
  });

  it('differs for all random bytes, the extremes included', () => {
    const low = formatKey('live', new Uint8Array(32));
    const high = formatKey('live', new Uint8Array(32).fill(255));
    const one = formatKey('live', new Uint8Array(32).fill(1, 31));
    expect(new Set([low, high, one]).size).toBe(3);
    expect(() => formatKey('live', new Uint8Array(31))).toThrow(RangeError);
  });

  it('reveals any one mistyped character', () => {
    const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    const characters = Array.from(alphabet, (char) => char);
    const key = formatKey('live', randomBytes(32));
    fc.assert(
      fc.property(fc.integer({ min: 8, max: key.length - 1 }), fc.constantFrom(...characters), (at, char) => {
        fc.pre(key[at] !== char);
        expect(isMistypedKey(key.slice(0, at) + char + key.slice(at + 1))).toBe(true);
      }),
    );
  });

  it('of another shape is not called mistyped', () => {
    for (const text of ['sk_live_short', 'an-operator-chose-this', '', `sk_live_${'a'.repeat(60)}`]) {
      expect(isMistypedKey(text)).toBe(false);
    }
  });

  it('is stored under its SHA-256', () => {
    expect(hashKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

import { describe, expect, it } from '@jest/globals';
import { normalisedWords, wordErrorRate } from './word-error-rate.ts';

describe('the word error rate', () => {
  it('counts replaced, missing and added words against the reference', () => {
    expect(wordErrorRate('a b c d', 'a b c d')).toBe(0);
    expect(wordErrorRate('a b c d', 'a x c d')).toBe(0.25);
    expect(wordErrorRate('a b c d', 'a c d')).toBe(0.25);
    expect(wordErrorRate('a b c d', 'a b b c d')).toBe(0.25);
    expect(wordErrorRate('a b', 'x y z')).toBe(1.5);
  });

  it('ignores case, punctuation and the kind of apostrophe', () => {
    expect(wordErrorRate("Don't stop, she said.", 'don’t STOP she said')).toBe(0);
    expect(normalisedWords("'Tis — naïve; 3.5!")).toEqual(['tis', 'naïve', '3', '5']);
  });

  it('is defined for empty texts', () => {
    expect(wordErrorRate('', '')).toBe(0);
    expect(wordErrorRate('', 'x')).toBe(1);
    expect(wordErrorRate('x y', '')).toBe(1);
  });
});

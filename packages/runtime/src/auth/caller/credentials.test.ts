import { describe, expect, it } from '@jest/globals';
import { isToken, readCredential } from './credentials.ts';

describe('a credential', () => {
  it.each([
    [{ authorization: 'Bearer sk_live_abc' }, 'sk_live_abc'],
    [{ authorization: 'bearer   sk_live_abc' }, 'sk_live_abc'],
    [{ authorization: 'X-API-Key sk_live_abc' }, 'sk_live_abc'],
    [{ authorization: 'ApiKey sk_live_abc' }, 'sk_live_abc'],
    [{ authorization: 'sk_live_abc' }, 'sk_live_abc'],
    [{ 'x-api-key': 'operators-own-key' }, 'operators-own-key'],
    [{ 'x-api-key': 'sk_live_abc', authorization: 'Bearer sk_live_abc' }, 'sk_live_abc'],
    [{ 'x-api-key': 'sk_live_abc, sk_live_abc' }, 'sk_live_abc'],
    [{ 'x-api-key': ['sk_live_abc', 'sk_live_abc'] }, 'sk_live_abc'],
  ])('is read from %p', (headers, expected) => {
    expect(readCredential(headers)).toBe(expected);
  });

  it.each([
    [{}, 'authentication_failed'],
    [{ authorization: '' }, 'authentication_failed'],
    [{ 'x-api-key': ' ' }, 'authentication_failed'],
    [{ authorization: 'Basic dXNlcjpwYXNz' }, 'authentication_failed'],
    [{ authorization: 'Bearer' }, 'authentication_failed'],
    [{ authorization: 'some-other-text' }, 'authentication_failed'],
    [{ authorization: 'Bearer a b' }, 'invalid_api_key'],
    [{ authorization: `Bearer ${'a'.repeat(8193)}` }, 'invalid_api_key'],
    [{ 'x-api-key': 'caf\u00e9-caf\u00e9-caf\u00e9' }, 'invalid_api_key'],
    [{ 'x-api-key': 'sk_live_a', authorization: 'Bearer sk_live_b' }, 'invalid_request'],
    [{ 'x-api-key': 'sk_live_a, sk_live_b' }, 'invalid_request'],
    [{ authorization: ['Bearer a', 'Bearer b'] }, 'invalid_request'],
  ])('is refused in %p', (headers, code) => {
    expect(() => readCredential(headers)).toThrow(expect.objectContaining({ code }));
  });

  it('that is missing is asked for in the words of the protocol', () => {
    expect(() => readCredential({})).toThrow('API key is required');
  });

  it('never leaves its value in the error', () => {
    const headers = { 'x-api-key': 'first-secret-value', authorization: 'Bearer second-secret-value' };
    expect(() => readCredential(headers)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('secret') }),
    );
  });

  it('is a token when it has the shape of one', () => {
    expect(isToken('eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln')).toBe(true);
    expect(isToken('eyJhbGciOiJub25lIn0.eyJhIjoxfQ.')).toBe(true);
    expect(isToken('sk_live_abc')).toBe(false);
    expect(isToken('a.b.c')).toBe(false);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readSecretAnswer } from './secret-answer.ts';

const NOW = 1_800_000_000;
const YEARS = 10 * 365 * 86_400;
const value = 'ek_0123456789abcdef';
const current = { value, expires_at: NOW + 600, session: { id: 'sess_1', expires_at: 0 } };
const former = { id: 'sess_1', expires_at: 0, client_secret: { value, expires_at: NOW + 60 } };
const read = (answer: unknown) => readSecretAnswer(Buffer.from(JSON.stringify(answer)), NOW);

describe('the answer of a provider', () => {
  it('is understood in its current shape', () => {
    const session = { type: 'realtime', id: 'sess_1', model: 'm', expires_at: NOW + 900, audio: {} };
    expect(read({ ...current, session })).toEqual({
      sessionId: 'sess_1',
      sessionExpiresAt: NOW + 900,
      value,
      expiresAt: NOW + 600,
    });
  });

  it('is understood in its former shape', () => {
    expect(read({ ...former, object: 'realtime.session', expires_at: NOW + 1800 })).toEqual({
      sessionId: 'sess_1',
      sessionExpiresAt: NOW + 1800,
      value,
      expiresAt: NOW + 60,
    });
  });

  it.each([0, null, undefined])('ends a session whose expiry is %p with its secret', (expires_at) => {
    expect(read({ ...current, session: { id: 'sess_1', expires_at } })?.sessionExpiresAt).toBe(NOW + 600);
    expect(read({ ...former, expires_at })?.sessionExpiresAt).toBe(NOW + 60);
  });

  it('says no later expiry than can be asked for', () => {
    const far = NOW + YEARS;
    const given = read({ value, expires_at: far, session: { id: 'sess_1', expires_at: far } });
    expect([given?.expiresAt, given?.sessionExpiresAt]).toEqual([NOW + 7200, NOW + 7200]);
  });

  it.each([
    ['a list', [current]],
    ['nothing', null],
    ['text', 'ek_0123456789abcdef'],
    ['no secret', { ...current, value: undefined }],
    ['a secret of null', { ...former, client_secret: null }],
    ['an empty secret', { ...current, value: '' }],
    ['a number for a secret', { ...current, value: 1_234_567_890_123_456 }],
    ['a short secret', { ...current, value: 'ek_0123' }],
    ['a long secret', { ...current, value: 'e'.repeat(4097) }],
    ['a secret with a newline', { ...current, value: `${value}\nX-Evil: 1` }],
    ['a secret that ends in a newline', { ...current, value: `${value}\n` }],
    ['a secret with a space', { ...current, value: `${value} x` }],
    ['a secret with a null', { ...current, value: `${value}\u0000` }],
    ['a secret beyond ASCII', { ...current, value: `${value}\u00e9` }],
    ['a secret with markup', { ...current, value: `${value}<script>` }],
    ['an expiry in the past', { ...current, expires_at: NOW - 1 }],
    ['an expiry of now', { ...current, expires_at: NOW }],
    ['an expiry of 0', { ...current, expires_at: 0 }],
    ['an expiry as text', { ...current, expires_at: String(NOW + 600) }],
    ['an expiry in parts', { ...current, expires_at: NOW + 600.5 }],
    ['no expiry', { ...current, expires_at: undefined }],
    ['no session', { ...current, session: undefined }],
    ['a session without id', { ...current, session: {} }],
    ['a session id with markup', { ...current, session: { id: '<b>' } }],
    ['a session over already', { ...current, session: { id: 'sess_1', expires_at: NOW - 5 } }],
  ])('is refused with %s', (_name, answer) => {
    expect(read(answer)).toBeUndefined();
  });

  it.each([
    ['no JSON', '<html>'],
    ['nothing', ''],
    ['half of it', JSON.stringify(current).slice(0, -1)],
    ['two of it', JSON.stringify(current).repeat(2)],
    ['deep nesting', '['.repeat(100_000)],
  ])('is refused as %s', (_name, text) => {
    expect(readSecretAnswer(Buffer.from(text), NOW)).toBeUndefined();
    expect(readSecretAnswer(Buffer.from([0x22, 0xff, 0x22]), NOW)).toBeUndefined();
  });

  it('never lets anything but a token through, whatever stands in it', () => {
    const anyValue = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.base64String({ minLength: 16 }));
    fc.assert(
      fc.property(anyValue, fc.integer(), (text, expires_at) => {
        const given = read({ ...current, value: text, expires_at });
        if (given === undefined) return;
        expect(given.value).toMatch(/^[\x21-\x7e]+$/);
        expect(given.expiresAt).toBeGreaterThan(NOW);
        expect(given.expiresAt).toBeLessThanOrEqual(NOW + 7200);
      }),
    );
  });
});

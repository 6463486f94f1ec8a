import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { getExpectedTwilioSignature, validateRequest } from 'twilio/lib/webhooks/webhooks.js';
import { twilioSignature, verifyTwilioSignature } from '../../twilio/signature.ts';
import { checkSender, type SenderProof } from './sender-check.ts';
import { StreamAuth } from './stream-auth.ts';

const path = '/carriers/media-streams/lin_front';
const origin = 'wss://calls.example';

function isLetIn(auth: StreamAuth, proof: Partial<SenderProof>): boolean {
  try {
    checkSender(auth, { headers: {}, path, pathSecret: null, ...proof });
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'authentication_failed' });
    return false;
  }
}

describe('a sender that Twilio signs for', () => {
  const auth: StreamAuth = { kind: 'twilio', authToken: 'token-of-twilio', publicUrl: `${origin}/` };
  const signedFor = (url: string, token = 'token-of-twilio') => ({
    headers: { 'x-twilio-signature': getExpectedTwilioSignature(token, url, {}) },
  });

  it('is let in by the signature that the helper library makes, in every form of the URL', () => {
    const forms = [
      `${origin}${path}`,
      `${origin}${path}/`,
      `https://calls.example${path}`,
      `https://calls.example:443${path}`,
      `${origin}:443${path}`,
    ];
    for (const url of forms) expect(isLetIn(auth, signedFor(url))).toBe(true);
  });

  it('is not let in for another URL, by another token, or without a signature', () => {
    expect(isLetIn(auth, signedFor(`wss://evil.example${path}`))).toBe(false);
    expect(isLetIn(auth, signedFor(`${origin}${path}2`))).toBe(false);
    expect(isLetIn(auth, signedFor(`${origin}${path}`, 'another-token'))).toBe(false);
    expect(isLetIn(auth, {})).toBe(false);
    expect(isLetIn(auth, { ...signedFor(`${origin}${path}`), path: `${path}?a=1` })).toBe(false);
  });

  it('never names the host itself', () => {
    const headers = { host: 'evil.example', ...signedFor(`wss://evil.example${path}`).headers };
    expect(isLetIn(auth, { headers })).toBe(false);
  });

  it('is judged as by the helper library, whatever is signed', () => {
    const parameters = fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { noNullPrototype: true });
    // The library rewrites URLs before it checks them, so only those that stay as they are can be compared.
    const url = fc
      .webUrl({ validSchemes: ['https'], withQueryParameters: true })
      .map((text) => new URL(text).href);
    fc.assert(
      fc.property(url, fc.string({ minLength: 1 }), parameters, (signed, authToken, form) => {
        const signature = twilioSignature(authToken, signed, form);
        expect(signature).toBe(getExpectedTwilioSignature(authToken, signed, form));
        expect(validateRequest(authToken, signature, signed, form)).toBe(true);
        expect(verifyTwilioSignature({ authToken, signature, url: signed, parameters: form })).toBe(true);
      }),
    );
  });
});

const hmac = (token: string, text: string): string =>
  createHmac('sha256', token).update(text).digest('base64');

describe('a sender that Plivo signs for', () => {
  const auth: StreamAuth = { kind: 'plivo', authToken: 'token-of-plivo', publicUrl: origin };
  const nonce = '05429567804466091622';
  const signed = (text: string, extra = '') => ({
    headers: {
      'x-plivo-signature-v3-nonce': nonce,
      'x-plivo-signature-v3': `${hmac('token-of-plivo', `${text}.${nonce}`)}${extra}`,
    },
  });

  it('is let in, also when one of several signatures is right', () => {
    expect(isLetIn(auth, signed(`${origin}${path}`))).toBe(true);
    expect(isLetIn(auth, signed(`${origin}${path}`, ',other'))).toBe(true);
    expect(isLetIn(auth, signed(`https://calls.example${path}`))).toBe(true);
  });

  it('signs the parameters of the URL in order of their names', () => {
    const query = { path: `${path}?b=2&a=1` };
    expect(isLetIn(auth, { ...signed(`${origin}${path}?a=1&b=2`), ...query })).toBe(true);
    expect(isLetIn(auth, { ...signed(`${origin}${path}`), ...query })).toBe(false);
  });

  it('is not let in with another nonce, another URL, or nothing', () => {
    const { headers } = signed(`${origin}${path}`);
    expect(isLetIn(auth, { headers: { ...headers, 'x-plivo-signature-v3-nonce': '1' } })).toBe(false);
    expect(isLetIn(auth, signed(`${origin}/other`))).toBe(false);
    expect(isLetIn(auth, { headers: { ...headers, 'x-plivo-signature-v3': '' } })).toBe(false);
    expect(isLetIn(auth, {})).toBe(false);
  });
});

describe('a sender that Vobiz signs for', () => {
  const tokens = { authToken: 'token-of-vobiz', parentAuthToken: 'token-of-parent' };
  const auth: StreamAuth = { kind: 'vobiz', ...tokens, publicUrl: origin };
  const base = `${origin}${path}`;

  it.each([
    ['v3', 'x-vobiz-signature-v3', 'token-of-vobiz', '.'],
    ['v2', 'x-vobiz-signature-v2', 'token-of-vobiz', ''],
    ['v3', 'x-vobiz-signature-ma-v3', 'token-of-parent', '.'],
    ['v2', 'x-vobiz-signature-ma-v2', 'token-of-parent', ''],
  ])('is let in by %s in %s, which leaves out the query', (version, header, token, mark) => {
    const headers = {
      [`x-vobiz-signature-${version}-nonce`]: 'nonce',
      [header]: hmac(token, `${base}${mark}nonce`),
    };
    expect(isLetIn(auth, { headers, path: `${path}?a=1` })).toBe(true);
    const other = { ...headers, [`x-vobiz-signature-${version}-nonce`]: 'ecnon' };
    expect(isLetIn(auth, { headers: other })).toBe(false);
  });

  it('is not let in by the wrong account or the wrong version', () => {
    const nonces = { 'x-vobiz-signature-v3-nonce': 'nonce', 'x-vobiz-signature-v2-nonce': 'nonce' };
    const parent = hmac('token-of-parent', `${base}.nonce`);
    expect(isLetIn(auth, { headers: { ...nonces, 'x-vobiz-signature-v3': parent } })).toBe(false);
    const second = hmac('token-of-vobiz', `${base}nonce`);
    expect(isLetIn(auth, { headers: { ...nonces, 'x-vobiz-signature-v3': second } })).toBe(false);
    const alone: StreamAuth = { kind: 'vobiz', authToken: tokens.authToken, publicUrl: origin };
    expect(isLetIn(alone, { headers: { ...nonces, 'x-vobiz-signature-ma-v3': parent } })).toBe(false);
  });
});

describe('a sender with a secret', () => {
  it('is let in by a header of its own', () => {
    const auth: StreamAuth = {
      kind: 'token',
      header: 'X-Telnyx-Streaming-Auth-Token',
      value: 'secret-of-telnyx',
    };
    const name = 'x-telnyx-streaming-auth-token';
    expect(isLetIn(auth, { headers: { [name]: 'secret-of-telnyx' } })).toBe(true);
    expect(isLetIn(auth, { headers: { [name]: 'secret-of-telny' } })).toBe(false);
    expect(isLetIn(auth, { headers: { [name]: 'Bearer secret-of-telnyx' } })).toBe(false);
    expect(isLetIn(auth, {})).toBe(false);
  });

  it('is let in by a bearer token, however the word is written', () => {
    const auth: StreamAuth = { kind: 'token', header: 'Authorization', value: 'secret-of-vonage' };
    expect(isLetIn(auth, { headers: { authorization: 'Bearer secret-of-vonage' } })).toBe(true);
    expect(isLetIn(auth, { headers: { authorization: 'bearer  secret-of-vonage' } })).toBe(true);
    expect(isLetIn(auth, { headers: { authorization: 'secret-of-vonage' } })).toBe(true);
    expect(isLetIn(auth, { headers: { authorization: 'Basic secret-of-vonage' } })).toBe(false);
    const whole: StreamAuth = { ...auth, value: 'Bearer secret-of-vonage' };
    expect(isLetIn(whole, { headers: { authorization: 'Bearer secret-of-vonage' } })).toBe(true);
  });

  it('is let in by its name and password', () => {
    const auth: StreamAuth = { kind: 'basic', user: 'exotel', password: 'pass:word-é' };
    const basic = (text: string) => ({
      headers: { authorization: `Basic ${Buffer.from(text).toString('base64')}` },
    });
    expect(isLetIn(auth, basic('exotel:pass:word-é'))).toBe(true);
    expect(isLetIn(auth, basic('exotel:pass:word'))).toBe(false);
    expect(isLetIn(auth, basic('Exotel:pass:word-é'))).toBe(false);
    expect(isLetIn(auth, {})).toBe(false);
  });

  it('is let in by the last part of the path, and only there', () => {
    const value = 'a'.repeat(22);
    const auth: StreamAuth = { kind: 'path-secret', value };
    expect(isLetIn(auth, { pathSecret: value })).toBe(true);
    expect(isLetIn(auth, { pathSecret: `${value}a` })).toBe(false);
    expect(isLetIn(auth, {})).toBe(false);
    const basic: StreamAuth = { kind: 'basic', user: 'exotel', password: 'password' };
    const authorization = `Basic ${Buffer.from('exotel:password').toString('base64')}`;
    expect(isLetIn(basic, { headers: { authorization } })).toBe(true);
    expect(isLetIn(basic, { headers: { authorization }, pathSecret: 'stray' })).toBe(false);
  });
});

describe('the configuration of senders', () => {
  it.each([
    ['a short token', { kind: 'twilio', authToken: 'short', publicUrl: origin }],
    [
      'a public URL in the clear',
      { kind: 'plivo', authToken: 'long-enough', publicUrl: 'ws://calls.example' },
    ],
    ['a path secret that can be guessed', { kind: 'path-secret', value: 'secret' }],
    ['a path secret that is no part of a path', { kind: 'path-secret', value: `${'a'.repeat(22)}/` }],
    ['a user with a colon', { kind: 'basic', user: 'a:b', password: 'long-enough' }],
    ['a header that is none', { kind: 'token', header: 'a b', value: 'long-enough' }],
    ['an unknown field', { kind: 'basic', user: 'a', password: 'long-enough', extra: 1 }],
    ['nothing', { kind: 'none' }],
  ])('refuses %s', (_, auth) => {
    expect(StreamAuth.safeParse(auth).success).toBe(false);
  });
});

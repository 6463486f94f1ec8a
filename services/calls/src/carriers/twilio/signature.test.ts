import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import twilio from 'twilio';
import { twilioSignature, verifyTwilioSignature } from './signature.ts';

const { getExpectedTwilioSignature, validateRequest } = twilio;

/** The example of Twilio's "Validating requests" and of its libraries' own tests. */
const documented = {
  authToken: '12345',
  url: 'https://mycompany.com/myapp.php?foo=1&bar=2',
  parameters: {
    CallSid: 'CA1234567890ABCDE',
    Caller: '+14158675309',
    Digits: '1234',
    From: '+14158675309',
    To: '+18005551212',
  },
  signature: 'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
};
const stream = 'wss://calls.example/carriers/media-streams/lin_1';
const signedAs = (url: string) => twilioSignature('secret', url);

describe('the signature of a carrier request', () => {
  it('is the one that Twilio publishes for its example', () => {
    const { authToken, url, parameters, signature } = documented;
    expect(twilioSignature(authToken, url, parameters)).toBe(signature);
    expect(verifyTwilioSignature(documented)).toBe(true);
  });

  it('fails for another token, another URL, another field and a field more', () => {
    const { url, parameters } = documented;
    const forgeries = [
      { authToken: '12346' },
      { url: url.replace('bar=2', 'bar=3') },
      { url: url.replace('mycompany', 'mycompany2') },
      { parameters: { ...parameters, Digits: '1235' } },
      { parameters: { ...parameters, Extra: '' } },
      { signature: documented.signature.toLowerCase() },
      { signature: '' },
      { signature: undefined },
      { signature: [documented.signature] },
      { parameters: {} },
    ];
    for (const forgery of forgeries) expect(verifyTwilioSignature({ ...documented, ...forgery })).toBe(false);
  });

  it('never verifies without a token, even when the sender signed without one', () => {
    const signature = twilioSignature('', documented.url);
    expect(verifyTwilioSignature({ authToken: '', url: documented.url, signature })).toBe(false);
  });

  it('takes the URL with and without its port', () => {
    const plain = 'https://calls.example/a';
    const ported = 'https://calls.example:443/a';
    for (const [signed, url] of [
      [plain, ported],
      [ported, plain],
    ] as const) {
      expect(verifyTwilioSignature({ authToken: 'secret', url, signature: signedAs(signed) })).toBe(true);
    }
    const odd = 'https://calls.example:8443/a';
    expect(verifyTwilioSignature({ authToken: 'secret', url: odd, signature: signedAs(plain) })).toBe(true);
    expect(verifyTwilioSignature({ authToken: 'secret', url: plain, signature: signedAs(odd) })).toBe(false);
  });

  it('takes a stream as wss or https, with and without a slash at the end, and nothing longer', () => {
    const verify = (signed: string) =>
      verifyTwilioSignature({ authToken: 'secret', url: stream, signature: signedAs(signed) });
    expect(verify(stream)).toBe(true);
    expect(verify(stream.replace('wss', 'https'))).toBe(true);
    expect(verify(`${stream}/`)).toBe(true);
    expect(verify(`${stream}//`)).toBe(false);
    expect(verify(`${stream}?a=1`)).toBe(false);
    expect(verify(stream.replace('wss', 'ws'))).toBe(false);
  });

  it('does not take a callback URL with a slash more', () => {
    const url = 'https://calls.example/a';
    expect(verifyTwilioSignature({ authToken: 'secret', url, signature: signedAs(`${url}/`) })).toBe(false);
  });

  it('counts equal values of a repeated field once and orders the others', () => {
    const one = twilioSignature('secret', stream, { A: ['2', '1', '2'], B: 'x' });
    expect(one).toBe(twilioSignature('secret', `${stream}A1A2Bx`));
  });

  it('verifies whatever was signed, in any order of the fields', () => {
    const fields = fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true });
    fc.assert(
      fc.property(fields, fc.string({ minLength: 1 }), (parameters, authToken) => {
        const signature = twilioSignature(authToken, documented.url, parameters);
        const shuffled = Object.fromEntries(Object.entries(parameters).reverse());
        expect(
          verifyTwilioSignature({ authToken, url: documented.url, parameters: shuffled, signature }),
        ).toBe(true);
      }),
    );
  });
});

describe("Twilio's own library", () => {
  const fields = fc.dictionary(
    fc.string({ minLength: 1 }).filter((name) => name !== '__proto__'),
    fc.oneof(fc.string(), fc.array(fc.string(), { minLength: 2, maxLength: 4 })),
    { noNullPrototype: true },
  );

  it('signs as we do, whatever the fields', () => {
    fc.assert(
      fc.property(fields, fc.string({ minLength: 1 }), (parameters, authToken) => {
        const signature = getExpectedTwilioSignature(authToken, documented.url, parameters);
        expect(twilioSignature(authToken, documented.url, parameters)).toBe(signature);
      }),
    );
  });

  it('takes our signatures of a stream URL, and we take its', () => {
    for (const url of [stream, `${stream}/`]) {
      expect(validateRequest('secret', signedAs(url), url, {})).toBe(true);
      expect(validateRequest('secret', signedAs(url), `${url}x`, {})).toBe(false);
    }
    for (const url of [stream, stream.replace('/carriers', ':443/carriers'), `${stream}/`]) {
      const signature = getExpectedTwilioSignature('secret', url, {});
      expect(verifyTwilioSignature({ authToken: 'secret', url: stream, signature })).toBe(true);
    }
  });
});

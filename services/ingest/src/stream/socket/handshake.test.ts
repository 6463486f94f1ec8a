import { describe, expect, it } from '@jest/globals';
import { readHandshake } from './handshake.ts';

const STREAM = 'str_0123456789abcdefghijklmnop';
const path = `/voice/v1/stream/sessions/${STREAM}/audio`;
type Request = Parameters<typeof readHandshake>[0];

function request(change: Partial<Request> = {}, headers: Request['headers'] = {}): Request {
  return {
    method: 'GET',
    url: path,
    httpVersion: '1.1',
    ...change,
    headers: {
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version': '13',
      ...headers,
    },
  };
}

const refusal = (code: string): unknown => expect.objectContaining({ code });

describe('an upgrade request', () => {
  it('names its stream in the path and may state its byte order', () => {
    expect(readHandshake(request(), undefined)).toEqual({
      streamId: STREAM,
      byteOrder: 'auto',
      from: undefined,
    });
    expect(readHandshake(request({ url: `${path}?x=1&byte_order=big` }), undefined)).toMatchObject({
      byteOrder: 'big',
    });
    expect(() => readHandshake(request({ url: `${path}?byte_order=middle` }), undefined)).toThrow(
      refusal('invalid_request'),
    );
  });

  it.each([
    ['0', 0],
    ['48000', 48_000],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('may say that nothing below sample %s can be sent', (text, from) => {
    expect(readHandshake(request({ url: `${path}?from_sample=${text}` }), undefined).from).toBe(from);
  });

  it.each([
    '-1',
    '1.5',
    '"7"',
    '9007199254740992',
    '9007199254740993',
    'NaN',
    'null',
    '',
    '007',
    '1e3',
    '+5',
    '5 ',
  ])('is malformed with from_sample=%s', (text) => {
    const url = `${path}?from_sample=${encodeURIComponent(text)}`;
    expect(() => readHandshake(request({ url }), undefined)).toThrow(refusal('invalid_request'));
  });

  it('names one sample only', () => {
    expect(() => readHandshake(request({ url: `${path}?from_sample=1&from_sample=2` }), undefined)).toThrow(
      refusal('invalid_request'),
    );
  });

  it.each([
    ['/voice/v1/stream/sessions/x/video'],
    ['/'],
    ['/voice/v1/stream/sessions//audio'],
    [`/voice/v1/stream/sessions/${STREAM}/audio/more`],
    [`//evil/voice/v1/stream/sessions/${STREAM}/audio`],
    [`/voice/v1/stream/sessions/${'x'.repeat(10_000)}/audio`],
  ])('is unknown at %s', (url) => {
    expect(() => readHandshake(request({ url }), undefined)).toThrow(refusal('resource_not_found'));
  });

  it.each([
    ['..%2f..%2fsecret'],
    ['str_'],
    ['%00'],
    ['STR_0123456789ABCDEFGHIJKLMNOP'],
    [`${STREAM}x`],
    ['{a}'],
    ['ｓｔｒ'],
  ])('gets the answer of an unknown stream for the malformed id %s', (id) => {
    expect(() => readHandshake(request({ url: `/voice/v1/stream/sessions/${id}/audio` }), undefined)).toThrow(
      refusal('session_not_found'),
    );
  });

  it.each<[string, Partial<Request>, Request['headers']]>([
    ['another HTTP version', { httpVersion: '1.0' }, {}],
    ['another upgrade', {}, { upgrade: 'h2c' }],
    ['no upgrade', {}, { upgrade: undefined }],
    ['no key', {}, { 'sec-websocket-key': undefined }],
    ['a short key', {}, { 'sec-websocket-key': 'c2hvcnQ=' }],
    ['two keys', {}, { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==' }],
    ['version 12', {}, { 'sec-websocket-version': '12' }],
    ['no version', {}, { 'sec-websocket-version': undefined }],
    [
      '200 subprotocols',
      {},
      { 'sec-websocket-protocol': Array.from({ length: 200 }, (_, i) => `p${i}`).join(',') },
    ],
    ['the same subprotocol twice', {}, { 'sec-websocket-protocol': 'a, a' }],
    ['an empty subprotocol', {}, { 'sec-websocket-protocol': 'a,,b' }],
    [
      '200 extensions',
      {},
      { 'sec-websocket-extensions': Array.from({ length: 200 }, (_, i) => `e${i}`).join(',') },
    ],
  ])('is malformed with %s', (_what, change, headers) => {
    expect(() => readHandshake(request(change, headers), undefined)).toThrow(refusal('invalid_request'));
  });

  it('must be a GET', () => {
    expect(() => readHandshake(request({ method: 'POST' }), undefined)).toThrow(
      expect.objectContaining({ code: 'method_not_allowed', headers: { Allow: 'GET' } }),
    );
  });

  it('tells the one version that is spoken', () => {
    expect(() => readHandshake(request({}, { 'sec-websocket-version': '8' }), undefined)).toThrow(
      expect.objectContaining({ headers: { 'Sec-WebSocket-Version': '13' } }),
    );
  });

  it('may come from any origin, or only from listed ones and from programs', () => {
    const from = (origin: string | undefined) => request({}, { origin });
    const allowed = ['https://app.example'];
    expect(readHandshake(from('https://evil.example'), undefined).streamId).toBe(STREAM);
    expect(readHandshake(from('https://app.example'), allowed).streamId).toBe(STREAM);
    expect(readHandshake(from(undefined), allowed).streamId).toBe(STREAM);
    for (const origin of [
      'https://evil.example',
      'null',
      'https://app.example.evil',
      `https://${'a'.repeat(4096)}`,
    ]) {
      expect(() => readHandshake(from(origin), allowed)).toThrow(refusal('forbidden'));
    }
  });
});

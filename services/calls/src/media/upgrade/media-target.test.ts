import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mediaPath, pathOf, readMediaTarget, readToken } from './media-target.ts';

describe('the path of a media socket', () => {
  it('names a line and a call, in either form', () => {
    const ids = { lineId: 'lin_a', callId: 'call_b' };
    expect(readMediaTarget('/call/media/realtime/ws/lin_a/call_b?token=x')).toEqual({ by: 'token', ...ids });
    expect(readMediaTarget('/api/v1/sessions/lin_a/calls/call_b/media')).toEqual({
      by: 'credential',
      ...ids,
    });
  });

  it('leads back to the ids it was made of, whatever they hold', () => {
    const id = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' });
    fc.assert(
      fc.property(id, id, (lineId, callId) => {
        const path = mediaPath({ lineId, callId });
        fc.pre(path.split('/').every((part) => part.length <= 400 && part !== '.' && part !== '..'));
        expect(readMediaTarget(`${path}?token=t`)).toEqual({ by: 'token', lineId, callId });
      }),
    );
  });

  it.each([
    undefined,
    '',
    '/',
    '/call/media/realtime/ws/a',
    '/call/media/realtime/ws/a/b/',
    '/call/media/realtime/ws/a/b/c',
    '/call/media/realtime/ws//b',
    '/api/v1/sessions/a/calls/b/media/x',
    '/api/v1/sessions/%e0%a4%a/calls/b/media',
    '/x?/api/v1/sessions/a/calls/b/media',
    `/call/media/realtime/ws/a/${'b'.repeat(401)}`,
    'http://host/call/media/realtime/ws/a/b',
  ])('is none of these: %s', (url) => {
    expect(readMediaTarget(url)).toBeNull();
  });

  it('never holds the query', () => {
    expect(pathOf('/a/b?token=x?y')).toBe('/a/b');
  });
});

describe('the token of a request', () => {
  const read = (url: string, protocol?: string): string =>
    readToken({ url, headers: protocol === undefined ? {} : { 'sec-websocket-protocol': protocol } });

  it('comes by query or subprotocol, or by both when they agree', () => {
    expect(read('/p?a=1&token=emt_x')).toBe('emt_x');
    expect(read('/p', 'earshot.media.v1, earshot.token.emt_x')).toBe('emt_x');
    expect(read('/p?token=emt_x', 'earshot.token.emt_x')).toBe('emt_x');
  });

  it('is just one', () => {
    for (const [url, protocol] of [
      ['/p'],
      ['/p?token=a&token=b'],
      ['/p?token=a', 'earshot.token.b'],
      ['/p?Token=a'],
    ] as const) {
      expect(() => read(url, protocol)).toThrow(expect.objectContaining({ code: 'media_token_invalid' }));
    }
  });
});

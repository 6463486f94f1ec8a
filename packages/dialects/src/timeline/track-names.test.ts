import { describe, expect, it } from '@jest/globals';
import { defaultTrack, TrackNames } from './track-names.ts';

describe('TrackNames', () => {
  it('knows the words of the platforms in any case', () => {
    const names = new TrackNames('main');
    expect(['inbound', 'outbound_track', 'INBOUND', 'main'].map((word) => names.resolve(word))).toEqual([
      ...['inbound', 'outbound', 'inbound', 'main'],
    ]);
  });

  it('takes one unknown name for the main track', () => {
    const names = new TrackNames('inbound');
    expect(names.resolve('caller')).toBe('main');
    expect(names.resolve('caller')).toBe('main');
    expect(names.resolve(null)).toBe('inbound');
  });

  it.each([
    ['a second unknown name', 'callee'],
    ['main itself', 'main'],
    ['a name of the language', '__proto__'],
  ])('does not mix %s into it', (_, other) => {
    const names = new TrackNames('main');
    names.resolve('caller');
    expect(() => names.resolve(other)).toThrow(expect.objectContaining({ code: 'protocol_violation' }));
  });
});

describe('defaultTrack', () => {
  it('is the only track that the start names', () => {
    expect(defaultTrack(['outbound'])).toBe('outbound');
    expect(defaultTrack('inbound_track')).toBe('inbound');
  });

  it.each([[['inbound', 'outbound']], [undefined], ['both'], [[]], [[7]]])('is main for %j', (declared) => {
    expect(defaultTrack(declared)).toBe('main');
  });
});

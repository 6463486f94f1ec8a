import { LIMITS } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { parseByteOrder, parseEncoding, parseSampleRate, refuseSeveralChannels } from './encoding.ts';

const refusal = expect.objectContaining({ code: 'unsupported_encoding' });

describe('parseEncoding', () => {
  it.each([
    ['audio/x-l16', 'pcm16'],
    ['audio/L16', 'pcm16'],
    ['AUDIO/X-L16 ; rate=8000', 'pcm16'],
    ['L16', 'pcm16'],
    ['audio/x-raw', 'pcm16'],
    ['raw/slin', 'pcm16'],
    ['PCM16', 'pcm16'],
    ['audio/pcm', 'pcm16'],
    ['audio/x-mulaw', 'mulaw'],
    ['audio/pcmu', 'mulaw'],
    ['PCMU', 'mulaw'],
    ['audio/basic', 'mulaw'],
    ['PCMA', 'alaw'],
    ['audio/x-alaw', 'alaw'],
    ['float32', 'float32'],
    ['pcm_f32le', 'float32'],
  ])('knows %s as %s', (name, codec) => {
    expect(parseEncoding(name)?.codec).toBe(codec);
  });

  it.each(['G722', 'OPUS', 'AMR-WB', 'audio/mpeg', 'constructor', '__proto__', 'audio/', ' ', 7, {}, true])(
    'refuses %j instead of guessing',
    (name) => {
      expect(() => parseEncoding(name)).toThrow(refusal);
    },
  );

  it('repeats only short plain names in its refusal', () => {
    expect(() => parseEncoding('secret\u0000'.repeat(40))).toThrow(
      expect.objectContaining({ details: { encoding: '(unprintable)' } }),
    );
  });

  it('reads rate, channels and byte order from the parameters', () => {
    expect(parseEncoding('audio/L16; Rate="24000"; channels=1; endianness=big-endian')).toEqual({
      codec: 'pcm16',
      bigEndian: true,
      sampleRate: '24000',
      channels: '1',
    });
    expect(parseEncoding('s16le')?.bigEndian).toBe(false);
    expect(parseEncoding('audio/x-l16')?.bigEndian).toBeNull();
  });

  it.each([undefined, null, ''])('finds nothing declared in %j', (value) => {
    expect(parseEncoding(value)).toBeNull();
  });
});

describe('parseSampleRate', () => {
  it('takes every rate of the limits, as a number or as digits', () => {
    for (const rate of LIMITS.sampleRates) {
      expect(parseSampleRate(rate)).toBe(rate);
      expect(parseSampleRate(String(rate))).toBe(rate);
    }
  });

  it.each([
    0,
    -8000,
    8000.5,
    8001,
    1e9,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    '8k',
    '8000.0',
    '-8000',
    [],
    {},
  ])('refuses %j', (rate) => {
    expect(() => parseSampleRate(rate)).toThrow(refusal);
  });
});

describe('parseByteOrder', () => {
  it.each([
    ['little', false],
    ['LE', false],
    ['little-endian', false],
    ['big_endian', true],
    ['BE', true],
    ['between', null],
    ['left', null],
    [1, null],
  ])('reads %j as %j', (word, bigEndian) => {
    expect(parseByteOrder(word)).toBe(bigEndian);
  });
});

describe('refuseSeveralChannels', () => {
  it('takes one channel or silence and refuses anything else', () => {
    for (const one of [undefined, null, 1, '1']) expect(() => refuseSeveralChannels(one)).not.toThrow();
    for (const other of [0, 2, '2', 1.5, 'mono']) expect(() => refuseSeveralChannels(other)).toThrow(refusal);
  });
});

import { decodeAlaw, decodeMulaw, decodePcm16be, decodePcm16le, encodeWav } from '@earshot/audio';
import { parseMediaType } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BodyDecoder, type BodyFormat, bodyFormat } from './body-format.ts';

const read = (header: string): BodyFormat =>
  bodyFormat(parseMediaType(header) ?? { essence: '', parameters: {} });

describe('the format of a streamed body', () => {
  it.each<[string, BodyFormat]>([
    ['audio/l16;rate=16000', { encoding: 'audio/l16', bigEndian: false, sampleRate: 16_000 }],
    ['audio/L16; rate="8000"; channels=1', { encoding: 'audio/l16', bigEndian: false, sampleRate: 8000 }],
    ['audio/x-l16;rate=48000;endianness=big', { encoding: 'audio/l16', bigEndian: true, sampleRate: 48_000 }],
    ['audio/l16;endianness=Little-Endian', { encoding: 'audio/l16', bigEndian: false, sampleRate: 16_000 }],
    ['audio/pcm', { encoding: 'audio/l16', bigEndian: false, sampleRate: 16_000 }],
    ['audio/basic', { encoding: 'audio/pcmu', bigEndian: null, sampleRate: 8000 }],
    ['audio/pcmu;rate=16000', { encoding: 'audio/pcmu', bigEndian: null, sampleRate: 16_000 }],
    ['audio/PCMA', { encoding: 'audio/pcma', bigEndian: null, sampleRate: 8000 }],
  ])('is read from %s', (header, format) => {
    expect(read(header)).toEqual(format);
  });

  it.each([
    ['audio/l16;rate=0'],
    ['audio/l16;rate=-8000'],
    ['audio/l16;rate=16000.5'],
    ['audio/l16;rate=1e4'],
    ['audio/l16;rate=12345'],
    ['audio/l16;rate='],
    ['audio/l16;rate=16000;channels=2'],
    ['audio/l16;rate=16000;endianness=middle'],
  ])('is refused for %s', (header) => {
    expect(() => read(header)).toThrow(expect.objectContaining({ code: 'invalid_audio_format' }));
  });

  it.each([['audio/webm'], ['application/octet-stream'], ['text/plain']])(
    'is not raw audio in %s',
    (header) => {
      expect(() => read(header)).toThrow(expect.objectContaining({ code: 'unsupported_media_type' }));
    },
  );
});

describe('the decoder of a streamed body', () => {
  it('refuses a WAV file, however it is split, and takes all that only looks alike', () => {
    const wav = encodeWav(new Int16Array(100), 16_000);
    const feed = (bytes: Uint8Array, pieces: number): number => {
      const decoder = new BodyDecoder(read('audio/l16'));
      let samples = 0;
      for (let at = 0; at < bytes.length; at += pieces)
        samples += decoder.push(bytes.subarray(at, at + pieces)).length;
      return samples;
    };
    for (const pieces of [1, 5, 11, 12, 13, 244]) {
      expect(() => feed(wav, pieces)).toThrow(expect.objectContaining({ code: 'invalid_audio_format' }));
      expect(feed(wav.subarray(2), pieces)).toBe(121);
      expect(feed(wav.subarray(0, 11), pieces)).toBe(5);
    }
  });

  it.each<[string, (bytes: Uint8Array) => Int16Array]>([
    ['audio/l16', (bytes) => decodePcm16le(bytes.slice(0, bytes.length - (bytes.length % 2)))],
    ['audio/l16;endianness=big', (bytes) => decodePcm16be(bytes.slice(0, bytes.length - (bytes.length % 2)))],
    ['audio/pcmu', decodeMulaw],
    ['audio/pcma', decodeAlaw],
  ])('gives the same samples of %s for any split, and counts a last half sample', (header, whole) => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.array(fc.nat(400), { maxLength: 20 }),
        (bytes, cuts) => {
          const decoder = new BodyDecoder(read(header));
          const edges = [
            0,
            ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b),
            bytes.length,
          ];
          const samples = edges.slice(1).flatMap((edge, i) => [...decoder.push(bytes.slice(edges[i], edge))]);
          expect(samples).toEqual([...whole(bytes)]);
          expect(decoder.oddBytes).toBe(header.startsWith('audio/l16') ? bytes.length % 2 : 0);
        },
      ),
    );
  });
});

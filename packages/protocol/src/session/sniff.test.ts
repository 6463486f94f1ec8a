import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isWavHead, SNIFF_BYTES, sniffAudio, WAV_HEAD_BYTES } from './sniff.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const bytes = (hex: string, length = 64): Uint8Array => {
  const out = new Uint8Array(Math.max(length, hex.length / 2)).fill(0x91);
  out.set(Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)));
  return out;
};
const ascii = (value: string): string =>
  Array.from(text(value), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Two MPEG audio frames of 417 bytes: 128 kbit/s at 44.1 kHz, or half of that per frame at 22.05 kHz. */
function mp3(header = 'fffb9000'): Uint8Array {
  const out = new Uint8Array(2 * 417);
  out.set(bytes(header, 4), 0);
  out.set(bytes(header, 4), 417);
  return out;
}

describe('the first bytes of an upload', () => {
  it.each([
    ['webm', bytes('1a45dfa3')],
    ['ogg', bytes(`${ascii('OggS')}0002`)],
    ['wav', bytes(`${ascii('RIFF')}00000000${ascii('WAVE')}`)],
    ['wav', bytes(`${ascii('RF64')}ffffffff${ascii('WAVE')}`)],
    ['mp4', bytes(`00000024${ascii('ftypiso5')}`)],
    ['m4a', bytes(`00000020${ascii('ftypM4A ')}`)],
    ['flac', bytes(ascii('fLaC'))],
    ['mp3', bytes(`${ascii('ID3')}0400`)],
    ['mp3', mp3()],
    ['mp3', mp3('fff3c0c0')],
    ['mp3', mp3('fffd8000')],
  ])('tell %s by its own header', (format, head) => {
    expect(sniffAudio(head)).toEqual({ format });
  });

  it.each([
    ['an Ogg page that begins no stream', bytes(`${ascii('OggS')}0000`)],
    ['a Matroska block', bytes('a3418180')],
    ['Opus data in the middle of a block', bytes('fe8103bf80fb03bb')],
    ['a movie fragment', bytes(`000000ec${ascii('moof')}`)],
    ['a sync word without a frame behind it', bytes('fffb9000', 2000)],
    ['zeros', new Uint8Array(64)],
  ])('see in %s a piece without a header', (_, head) => {
    expect(sniffAudio(head)).toEqual({ continuation: true });
  });

  it.each([
    ['playlist', text('#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/\n')],
    ['playlist', text('\ufeff#EXTM3U\r\n')],
    ['playlist', text('ffconcat version 1.0\nfile x.wav\n')],
    ['playlist', text('v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n')],
    ['playlist', text('[playlist]\nFile1=x\n')],
    ['playlist', text('FILE "x.wav" WAVE\n')],
    ['markup', text('<?xml version="1.0"?><MPD/>')],
    ['markup', text('  <smil></smil>')],
    ['markup', text('<!DOCTYPE html>')],
    ['markup', text('<html>\n<body>caf\u00e9</body>')],
    ['text', text('hello')],
    ['text', text('h')],
    ['archive', bytes('504b0304')],
    ['archive', bytes('1f8b08')],
    ['document', bytes(ascii('%PDF-1.7'))],
    ['executable', bytes('7f454c46')],
    ['image', bytes('89504e470d0a1a0a')],
    ['unsupported_container', bytes(`${ascii('RIFF')}00000000${ascii('AVI ')}`)],
    ['unsupported_container', bytes(ascii('#!AMR\n'))],
    ['empty', new Uint8Array(0)],
  ])('are refused as %s', (refuse, head) => {
    expect(sniffAudio(head)).toEqual({ refuse });
  });

  it('are refused when they repeat the sync byte of a transport stream', () => {
    const head = new Uint8Array(600).fill(0x91);
    for (const at of [0, 188, 376, 564]) head[at] = 0x47;
    expect(sniffAudio(head)).toEqual({ refuse: 'unsupported_container' });
  });

  it('always give exactly one answer, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: SNIFF_BYTES }), (head) => {
        expect(Object.keys(sniffAudio(head))).toHaveLength(1);
      }),
    );
  });

  it('of compressed data from the middle of a file are hardly ever taken for something else', () => {
    let state = 1;
    const noise = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    };
    let others = 0;
    for (let i = 0; i < 1000; i += 1) {
      const head = Uint8Array.from({ length: 600 }, noise);
      if (!('continuation' in sniffAudio(head))) others += 1;
    }
    expect(others).toBeLessThan(3);
  });
});

describe('the first bytes of raw audio', () => {
  it.each([
    ['RIFF', 'WAVE', true],
    ['RF64', 'WAVE', true],
    ['RIFX', 'WAVE', true],
    ['RIFF', 'AVI ', false],
    ['RIFG', 'WAVE', false],
  ])('of %s and %s are those of a WAV file: %p', (magic, kind, isWav) => {
    const head = bytes(`${ascii(magic)}00ff00ff${ascii(kind)}`, WAV_HEAD_BYTES);
    expect(isWavHead(head)).toBe(isWav);
    expect(isWavHead(head.subarray(0, WAV_HEAD_BYTES - 1))).toBe(false);
  });
});

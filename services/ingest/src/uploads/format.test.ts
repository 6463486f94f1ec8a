import { encodeWav } from '@earshot/audio';
import { EarshotError } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { parseFileName } from './file-name.ts';
import { checkDuration, checkMagic, declaredFormat } from './format.ts';

const name = (text: string) => parseFileName(text, 'chunked');
const codeOf = (run: () => unknown): string => {
  try {
    run();
    return 'accepted';
  } catch (error) {
    return error instanceof EarshotError ? error.code : 'other';
  }
};

describe('the declared format', () => {
  it.each([
    ['audio/webm;codecs=opus', 'a_0.webm', 'webm'],
    ['AUDIO/WebM; Codecs="opus"', 'a_0.webm', 'webm'],
    ['audio/mpeg', 'a_0.mp3', 'mp3'],
    ['audio/x-wav', 'a_0.bin', 'wav'],
    ['application/octet-stream', 'a_0.ogg', 'ogg'],
    [undefined, 'a_0.flac', 'flac'],
    ['', 'a_0.m4a', 'm4a'],
    ['audio/ogg', 'a_0.webm', 'ogg'],
  ])('of %j named %s is %s', (type, file, format) => {
    expect(declaredFormat(type, name(file)).format).toBe(format);
  });

  it.each([
    ['image/png', 'a_0.webm'],
    ['nonsense', 'a_0.webm'],
    [undefined, 'a_0.bin'],
    ['application/octet-stream', 'a_0.txt'],
  ])('of %j named %s is refused', (type, file) => {
    expect(codeOf(() => declaredFormat(type, name(file)))).toBe('invalid_audio_format');
  });

  it('of raw PCM carries rate, channels and byte order', () => {
    expect(declaredFormat('audio/l16;rate=8000;channels=2', name('a_0.pcm')).pcm).toEqual({
      sampleRate: 8000,
      channels: 2,
      bigEndian: false,
    });
    expect(declaredFormat(undefined, name('a_0.pcm')).pcm?.sampleRate).toBe(16_000);
    expect(codeOf(() => declaredFormat('audio/l16;rate=0', name('a_0.pcm')))).toBe('invalid_audio_format');
    expect(codeOf(() => declaredFormat('audio/l16;rate=4000000000', name('a_0.pcm')))).toBe(
      'invalid_audio_format',
    );
    expect(codeOf(() => declaredFormat('audio/l16;rate=16000;channels=9', name('a_0.pcm')))).toBe(
      'invalid_audio_format',
    );
  });
});

describe('the first bytes', () => {
  const wav = encodeWav(new Int16Array(1600), 16_000);
  const declared = (type: string) => declaredFormat(type, name('a_0.bin'));

  it('must agree with the declared format', () => {
    expect(codeOf(() => checkMagic(wav, declared('audio/wav'), 0))).toBe('accepted');
    expect(codeOf(() => checkMagic(wav, declared('audio/webm'), 0))).toBe('invalid_audio_format');
    expect(codeOf(() => checkMagic(wav, declared('audio/l16;rate=16000'), 0))).toBe('invalid_audio_format');
  });

  it('may be a headerless continuation in a later file, not in the first', () => {
    const cluster = new Uint8Array([0x1f, 0x43, 0xb6, 0x75, 0x01, 0, 0, 0, 0, 0, 0, 1]);
    expect(codeOf(() => checkMagic(cluster, declared('audio/webm'), 1))).toBe('accepted');
    expect(codeOf(() => checkMagic(cluster, declared('audio/webm'), 0))).toBe('invalid_audio_format');
    expect(codeOf(() => checkMagic(cluster, declared('audio/wav'), 1))).toBe('invalid_audio_format');
  });

  it('must not be a playlist, an archive or a document under any name', () => {
    for (const text of [
      '#EXTM3U\n#EXT-X',
      'ffconcat version 1.0\nfile x',
      '<?xml version="1.0"?><MPD',
      'PK\u0003\u0004',
      '%PDF-1.7',
      '\u007fELF',
    ]) {
      const head = Buffer.from(text.padEnd(64, ' '), 'latin1');
      expect(codeOf(() => checkMagic(head, declared('audio/mpeg'), 3))).toBe('invalid_audio_format');
    }
  });

  it('tell an absurd length of uncompressed audio', () => {
    const pcm = declared('audio/l16;rate=8000');
    expect(codeOf(() => checkDuration(new Uint8Array(), pcm, 14_400 * 16_000))).toBe('accepted');
    expect(codeOf(() => checkDuration(new Uint8Array(), pcm, 14_401 * 16_000))).toBe('chunk_too_large');
  });
});

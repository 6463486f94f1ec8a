import { EarshotError } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { parseFileName } from './file-name.ts';

const refused = (name: string): boolean => {
  try {
    parseFileName(name, 'chunked');
    return false;
  } catch (error) {
    return error instanceof EarshotError && error.code === 'invalid_request';
  }
};

describe('an upload name', () => {
  it('gives its sequence number and format', () => {
    expect(parseFileName('audio_0.webm', 'chunked')).toEqual({
      sequence: 0,
      format: 'webm',
      original: 'audio_0.webm',
    });
    expect(parseFileName('visit.2_part_17.MP3', 'chunked')).toMatchObject({ sequence: 17, format: 'mp3' });
    expect(parseFileName('12.wav', 'chunked')).toMatchObject({ sequence: 12, format: 'wav' });
    expect(parseFileName('call_3.pcm', 'chunked')).toMatchObject({ sequence: 3, format: 'pcm' });
  });

  it.each([
    'audio_01.webm',
    'audio.webm',
    'audio_a.webm',
    '1_audio.webm',
    'audio_1234567.webm',
    '../audio_1.webm',
    'a/b_1.webm',
    '_1.webm',
    '..',
    '-o_1.wav',
    'audio_1.webm\n',
    'audio_-1.webm',
    'audio_1.5.webm.',
    '',
  ])('is refused when it breaks the rule: %j', (name) => {
    expect(refused(name)).toBe(true);
  });

  it('may leave the number out in a single session', () => {
    expect(parseFileName('consultation.m4a', 'single')).toMatchObject({ sequence: 0, format: 'm4a' });
  });

  it('takes the number from X-Chunk-Index when that is given', () => {
    expect(parseFileName('blob.webm', 'chunked', '4')).toMatchObject({ sequence: 4 });
  });

  it('leaves the format open when the extension names none', () => {
    expect(parseFileName('audio_2.bin', 'chunked').format).toBeUndefined();
  });
});

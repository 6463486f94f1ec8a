import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { mislabelledBoundary, openFilePart } from './multipart.ts';
import { peek, streamOf } from './peek.ts';

const form = (boundary: string, content: string): string =>
  [
    `--${boundary}`,
    'Content-Disposition: form-data; name="note"',
    '',
    'x',
    `--${boundary}`,
    'Content-Disposition: form-data; name="file"; filename="audio_3.webm"',
    'Content-Type: audio/webm',
    '',
    content,
    `--${boundary}--`,
    '',
  ].join('\r\n');

const sliced = (text: string, size: number): Readable => {
  const bytes = Buffer.from(text, 'latin1');
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size));
  return Readable.from(parts, { objectMode: false });
};

describe('a multipart body', () => {
  it.each([1, 7, 64, 4096])('gives its file whole when it arrives in pieces of %d bytes', async (size) => {
    const part = await openFilePart(
      sliced(form('edge', 'AUDIO'), size),
      'multipart/form-data; boundary=edge',
    );
    expect(part.filename).toBe('audio_3.webm');
    expect((await buffer(part.stream)).toString()).toBe('AUDIO');
  });

  it('is recognised under an audio label by its first line', async () => {
    const { head, body } = await peek(sliced(form('----WebKitFormBoundaryX', 'AUDIO'), 5), 2048);
    const boundary = mislabelledBoundary(head);
    expect(boundary).toBe('----WebKitFormBoundaryX');
    const part = await openFilePart(streamOf(body), `multipart/form-data; boundary=${boundary ?? ''}`);
    expect((await buffer(part.stream)).toString()).toBe('AUDIO');
  });

  it('is not seen in audio that happens to begin with two dashes', () => {
    expect(mislabelledBoundary(Buffer.from('--\u0001\u0002 raw audio'))).toBeUndefined();
    expect(mislabelledBoundary(Buffer.from('RIFF'))).toBeUndefined();
  });

  it('without a file is refused', async () => {
    const body = '--edge\r\nContent-Disposition: form-data; name="note"\r\n\r\nx\r\n--edge--\r\n';
    await expect(openFilePart(sliced(body, 9), 'multipart/form-data; boundary=edge')).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('without a boundary is refused', async () => {
    await expect(openFilePart(sliced('x', 1), 'multipart/form-data')).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});

describe('peeking', () => {
  it('changes nothing of the stream, however it is cut', async () => {
    for (const size of [1, 3, 100]) {
      const { head, body } = await peek(sliced('0123456789', size), 4);
      expect(head.toString()).toBe('0123');
      expect((await buffer(body)).toString()).toBe('0123456789');
    }
  });
});

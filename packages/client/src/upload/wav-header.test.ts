import { describe, expect, it } from '@jest/globals';
import { readWavHeader, wavHeader } from './wav-header.ts';

const withChunks = (...chunks: [string, Uint8Array][]): Buffer => {
  const parts = chunks.flatMap(([tag, body]) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(body.length);
    return [Buffer.from(tag), size, body, Buffer.alloc(body.length % 2)];
  });
  return Buffer.concat([Buffer.from('RIFF'), Buffer.alloc(4), Buffer.from('WAVE'), ...parts]);
};
const format = wavHeader(8000, 0).subarray(20, 36);

describe('readWavHeader', () => {
  it('reads what wavHeader writes', () => {
    expect(readWavHeader(wavHeader(16_000, 320))).toEqual({
      sampleRate: 16_000,
      channels: 1,
      bitsPerSample: 16,
      pcm: true,
      dataStart: 44,
      dataBytes: 320,
    });
  });

  it('steps over chunks that it does not know, odd sizes too', () => {
    const bytes = withChunks(['LIST', Buffer.alloc(7)], ['fmt ', format], ['data', Buffer.alloc(6)]);
    expect(readWavHeader(bytes)).toMatchObject({ sampleRate: 8000, dataStart: 60, dataBytes: 6 });
  });

  it('takes the code of an extensible format from its GUID', () => {
    const extensible = Buffer.alloc(40);
    extensible.set(format);
    extensible.writeUInt16LE(0xfffe, 0);
    extensible.writeUInt16LE(1, 24);
    expect(readWavHeader(withChunks(['fmt ', extensible], ['data', Buffer.alloc(2)]))?.pcm).toBe(true);
    extensible.writeUInt16LE(3, 24);
    expect(readWavHeader(withChunks(['fmt ', extensible], ['data', Buffer.alloc(2)]))?.pcm).toBe(false);
  });

  it('does not know the length of a streamed file', () => {
    expect(readWavHeader(wavHeader(8000, 0xffffffff))?.dataBytes).toBeUndefined();
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['another kind of file', Buffer.from('OggS, and then some more bytes that mean nothing here')],
    ['a file that is cut off in its header', wavHeader(8000, 10).subarray(0, 30)],
    ['samples without a format', withChunks(['data', Buffer.alloc(4)])],
  ])('finds no header in %s', (_name, bytes) => {
    expect(readWavHeader(bytes)).toBeUndefined();
  });
});

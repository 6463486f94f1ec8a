import { describe, expect, it } from '@jest/globals';
import { decodeSamples, encodeSamples } from './sample-format.ts';

const message = (bytes: Uint8Array): ArrayBuffer => bytes.slice().buffer;

describe('samples of a media socket', () => {
  it('are floats as they are', () => {
    const samples = Float32Array.of(0, 0.5, -1, 1.5);
    expect(decodeSamples(message(encodeSamples(samples, 'Float32LE')), 'Float32LE')).toEqual(samples);
    expect([...encodeSamples(Float32Array.of(1), 'Float32LE')]).toEqual([0, 0, 128, 63]);
  });

  it('are 16-bit without wrapping around, and nothing that is no number', () => {
    const samples = Float32Array.of(0.5, 1, 2, -1, -3, Number.NaN, Number.NEGATIVE_INFINITY);
    const pcm = new Int16Array(message(encodeSamples(samples, 'PCM16LE')));
    expect([...pcm]).toEqual([16_384, 32_767, 32_767, -32_768, -32_768, 0, -32_768]);
  });

  it('come back from 16 bits exactly, and half a sample at the end is none', () => {
    const pcm = Int16Array.of(-32_768, -1, 0, 1, 32_767);
    const floats = decodeSamples(message(new Uint8Array(pcm.buffer)), 'PCM16LE');
    expect([...new Int16Array(message(encodeSamples(floats, 'PCM16LE')))]).toEqual([...pcm]);
    expect(decodeSamples(new ArrayBuffer(5), 'PCM16LE')).toHaveLength(2);
    expect(decodeSamples(new ArrayBuffer(7), 'Float32LE')).toHaveLength(1);
  });
});

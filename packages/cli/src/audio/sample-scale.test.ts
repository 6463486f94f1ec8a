import { describe, expect, it } from '@jest/globals';
import { floatSamples, pcm16Samples } from './sample-scale.ts';

describe('sample scales', () => {
  it('lead there and back without a change, from any offset in a buffer', () => {
    const samples = Int16Array.of(-32_768, -12_345, -1, 0, 1, 32_767);
    const bytes = new Uint8Array(samples.length * 2 + 1);
    bytes.set(new Uint8Array(samples.buffer), 1);
    expect(pcm16Samples(floatSamples(bytes.subarray(1)))).toEqual(samples);
  });

  it('end at full scale', () => {
    expect([...pcm16Samples(Float32Array.of(1, 7, -1, -7))]).toEqual([32_767, 32_767, -32_768, -32_768]);
  });

  it('leave out half a sample', () => {
    expect(floatSamples(new Uint8Array(3))).toHaveLength(1);
  });
});

import { encodePcm16le } from '@earshot/audio';
import { EarshotError } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeFloat32le } from './float32-encoder.ts';
import { createSampleReader } from './sample-reader.ts';

const everySample = Int16Array.from({ length: 65_536 }, (_, index) => index - 32_768);

/** The bytes at an odd address, as a socket may hand them out. */
function unaligned(bytes: Uint8Array): Uint8Array {
  const memory = new Uint8Array(bytes.length + 1);
  memory.set(bytes, 1);
  return memory.subarray(1);
}

function floats(...values: number[]): Uint8Array {
  return unaligned(new Uint8Array(Float32Array.from(values).buffer));
}

describe('a reader of 16-bit audio', () => {
  it('gives the same samples however the bytes are cut', () => {
    const samples = fc.array(fc.integer({ min: -32_768, max: 32_767 }), { maxLength: 60 });
    fc.assert(
      fc.property(samples, fc.array(fc.nat(9), { maxLength: 80 }), fc.boolean(), (values, cuts, odd) => {
        const reader = createSampleReader({ encoding: 'pcm16le' });
        const bytes = Uint8Array.from([...encodePcm16le(Int16Array.from(values)), ...(odd ? [77] : [])]);
        const out: number[] = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          const piece = unaligned(bytes.subarray(at, at + cut));
          out.push(...reader.push(piece));
          piece.fill(0xaa);
          at += cut;
        }
        expect(out).toEqual(values);
        expect(reader.unfinishedBytes).toBe(odd ? 1 : 0);
        expect(reader.repairedSamples).toBe(0);
      }),
    );
  });
});

describe('a reader of float audio', () => {
  it('scales by 32768, rounds, and holds what is beyond at full scale', () => {
    const reader = createSampleReader({ encoding: 'float32le' });
    const edge = 32_766.6 / 32_768;
    expect([...reader.push(floats(0, 0.5, -0.5, -1, 1, edge, 1.4 / 32_768, -1.6 / 32_768))]).toEqual([
      0, 16_384, -16_384, -32_768, 32_767, 32_767, 1, -2,
    ]);
    expect(reader.repairedSamples).toBe(0);
  });

  it('puts right and counts what is no number, infinite or beyond full scale', () => {
    const reader = createSampleReader({ encoding: 'float32le' });
    const wrong = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.001, -3e38];
    expect([...reader.push(floats(...wrong, 0.25))]).toEqual([0, 0, 0, 32_767, -32_768, 8192]);
    expect(reader.repairedSamples).toBe(5);
  });

  it('refuses a message of unfinished samples and goes on with the next', () => {
    const reader = createSampleReader({ encoding: 'float32le' });
    for (const length of [1, 2, 3, 5, 4097]) {
      const refused = (): unknown => {
        try {
          return reader.push(new Uint8Array(length));
        } catch (error) {
          return error instanceof EarshotError ? error.code : error;
        }
      };
      expect(refused()).toBe('invalid_pcm_frame');
    }
    expect([...reader.push(floats(0.5))]).toEqual([16_384]);
    expect(reader.push(new Uint8Array(0))).toHaveLength(0);
  });

  it('never fails on whole messages of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const reader = createSampleReader({ encoding: 'float32le' });
        const whole = bytes.subarray(0, bytes.length - (bytes.length % 4));
        expect(reader.push(whole)).toHaveLength(whole.length / 4);
      }),
    );
  });
});

describe('encodeFloat32le', () => {
  it('stays below full scale and gives every sample back exactly', () => {
    const bytes = encodeFloat32le(everySample);
    const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    expect([values.at(0), values.at(-1)]).toEqual([-1, 32_767 / 32_768]);
    const reader = createSampleReader({ encoding: 'float32le' });
    expect(reader.push(bytes)).toEqual(everySample);
    expect(reader.repairedSamples).toBe(0);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { requireLittleEndian } from './byte-order.ts';
import { decodeFloat32le } from './float32.ts';
import { decodePcm16be, decodePcm16le, encodePcm16le } from './pcm16.ts';

function float32Bytes(...values: number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

describe('16-bit PCM', () => {
  it('reads little and big endian bytes', () => {
    const bytes = Uint8Array.of(0x34, 0x12, 0xff, 0x7f, 0x00, 0x80, 0xfe, 0xff);
    expect([...decodePcm16le(bytes)]).toEqual([0x1234, 32_767, -32_768, -2]);
    expect([...decodePcm16be(bytes)]).toEqual([0x3412, -129, 128, -257]);
  });

  it('reads bytes at odd addresses and leaves them alone', () => {
    const memory = Uint8Array.of(9, 0x01, 0x02, 0x03, 0x04);
    const bytes = memory.subarray(1);
    expect([...decodePcm16be(bytes)]).toEqual([0x0102, 0x0304]);
    expect([...decodePcm16le(bytes)]).toEqual([0x0201, 0x0403]);
    expect([...memory]).toEqual([9, 1, 2, 3, 4]);
  });

  it('refuses half a sample', () => {
    expect(() => decodePcm16le(new Uint8Array(3))).toThrow(RangeError);
    expect(() => decodePcm16be(new Uint8Array(1))).toThrow(RangeError);
  });

  it('writes what it reads', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -32_768, max: 32_767 })), (values) => {
        const padded = Int16Array.from([0, ...values]).subarray(1);
        expect([...decodePcm16le(encodePcm16le(padded))]).toEqual(values);
      }),
    );
  });

  it('hands out copies, never views of the input', () => {
    const samples = Int16Array.of(5);
    const bytes = encodePcm16le(samples);
    samples[0] = 6;
    expect([...bytes]).toEqual([5, 0]);
  });
});

describe('32-bit float PCM', () => {
  it('scales by 32768, rounds and clamps', () => {
    const bytes = float32Bytes(0, 0.5, -1, 1, 2, -7, 1.6 / 32_768, -1.6 / 32_768);
    expect([...decodeFloat32le(bytes)]).toEqual([0, 16_384, -32_768, 32_767, 32_767, -32_768, 2, -2]);
  });

  it('turns NaN and infinities into silence', () => {
    expect([...decodeFloat32le(float32Bytes(NaN, Infinity, -Infinity))]).toEqual([0, 0, 0]);
  });

  it('refuses a partial value', () => {
    expect(() => decodeFloat32le(new Uint8Array(6))).toThrow(RangeError);
  });
});

describe('byte order of the host', () => {
  it('must be little-endian', () => {
    expect(() => requireLittleEndian(Uint8Array.of(1, 0))).not.toThrow();
    expect(() => requireLittleEndian(Uint8Array.of(0, 1))).toThrow('little-endian');
  });
});

import { describe, expect, it } from '@jest/globals';
import { int16At } from '../elements.ts';
import { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw } from './g711.ts';

const everyCode = Uint8Array.from({ length: 256 }, (_, code) => code);

describe('G.711', () => {
  it('expands mu-law to the levels of the standard, at the ends of each segment', () => {
    const codes = [
      0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xaf, 0xb0, 0xbf, 0xc0, 0xcf, 0xd0, 0xdf, 0xe0, 0xef, 0xf0, 0xff,
    ];
    const levels = [
      32_124, 16_764, 15_996, 8316, 7932, 4092, 3900, 1980, 1884, 924, 876, 396, 372, 132, 120, 0,
    ];
    expect([...decodeMulaw(Uint8Array.from(codes))]).toEqual(levels);
    expect([...decodeMulaw(Uint8Array.of(0, 0x0f, 0x40, 0x7e, 0x7f))]).toEqual([
      -32_124, -16_764, -1884, -8, 0,
    ]);
  });

  it('expands A-law to the levels of the standard, in each segment', () => {
    const codes = [
      0x00, 0x0f, 0x10, 0x1f, 0x20, 0x2f, 0x30, 0x3f, 0x40, 0x4f, 0x50, 0x5f, 0x60, 0x6f, 0x70, 0x7f,
    ];
    const levels = [
      -5504, -6784, -2752, -3392, -22_016, -27_136, -11_008, -13_568, -344, -424, -88, -168, -1376, -1696,
      -688, -848,
    ];
    expect([...decodeAlaw(Uint8Array.from(codes))]).toEqual(levels);
    expect([...decodeAlaw(Uint8Array.of(0xd5, 0xd4, 0x54, 0x55, 0xaa, 0x2a))]).toEqual([
      8, 24, -24, -8, 32_256, -32_256,
    ]);
  });

  it('gives every A-law code back, and every mu-law code but the second zero', () => {
    expect([...encodeAlaw(decodeAlaw(everyCode))]).toEqual([...everyCode]);
    expect([...encodeMulaw(decodeMulaw(everyCode))]).toEqual(
      [...everyCode].map((code) => (code === 0x7f ? 0xff : code)),
    );
  });

  it('encodes every sample in order, half a step away at most', () => {
    const samples = Int16Array.from({ length: 65_536 }, (_, index) => index - 32_768);
    const mulaw = decodeMulaw(encodeMulaw(samples));
    const alaw = decodeAlaw(encodeAlaw(samples));
    let failures = 0;
    samples.forEach((sample, index) => {
      const size = Math.abs(sample);
      if (Math.abs(int16At(mulaw, index) - sample) > (size + 132) / 32) failures += 1;
      if (Math.abs(int16At(alaw, index) - sample) > Math.max(8, (size + 1) / 32)) failures += 1;
      if (
        index > 0 &&
        (int16At(mulaw, index) < int16At(mulaw, index - 1) || int16At(alaw, index) < int16At(alaw, index - 1))
      )
        failures += 1;
    });
    expect(failures).toBe(0);
  });

  it('encodes full scale of either sign to the outermost level', () => {
    expect([...decodeMulaw(encodeMulaw(Int16Array.of(32_767, -32_768)))]).toEqual([32_124, -32_124]);
    expect([...decodeAlaw(encodeAlaw(Int16Array.of(32_767, -32_768)))]).toEqual([32_256, -32_256]);
  });
});

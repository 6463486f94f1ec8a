import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BlockAligner } from './block-aligner.ts';

describe('BlockAligner', () => {
  it('gives the same bytes for any split and keeps only an unfinished sample', () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 20 });
    fc.assert(
      fc.property(parts, fc.constantFrom(1, 2, 4), (frames, blockBytes) => {
        const aligner = new BlockAligner(blockBytes);
        const out = frames.map((frame) => aligner.align(frame));
        const all = Buffer.concat(frames);
        const whole = all.length - (all.length % blockBytes);
        expect(out.every((piece) => piece.length % blockBytes === 0)).toBe(true);
        expect(Buffer.concat(out)).toEqual(all.subarray(0, whole));
        expect(aligner.drop()).toBe(all.length - whole);
        expect(aligner.drop()).toBe(0);
      }),
    );
  });

  it('keeps no reference to the bytes it was given', () => {
    const aligner = new BlockAligner(2);
    const frame = Uint8Array.of(1, 2, 3);
    aligner.align(frame);
    frame.fill(9);
    expect(aligner.align(Uint8Array.of(4))).toEqual(Uint8Array.of(3, 4));
  });
});

import { describe, expect, it } from '@jest/globals';
import { takeBytes } from './byte-slab.ts';

describe('bytes of a slab', () => {
  it('are zeros that nobody else writes to, at places where samples may begin', () => {
    const pieces = Array.from({ length: 2000 }, (_, index) => takeBytes(index % 200));
    for (const [index, piece] of pieces.entries()) {
      expect(piece.length).toBe(index % 200);
      expect(piece.every((byte) => byte === 0)).toBe(true);
      expect(piece.byteOffset % 8).toBe(0);
      piece.fill(index % 255);
    }
    expect(pieces.every((piece, index) => piece.every((byte) => byte === index % 255))).toBe(true);
  });

  it('have a buffer of their own when they are many', () => {
    expect(takeBytes(5000).buffer.byteLength).toBe(5000);
  });
});

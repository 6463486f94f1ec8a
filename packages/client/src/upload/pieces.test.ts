import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { equalPieces } from './pieces.ts';

function from(...sizes: number[]): AsyncIterable<Uint8Array> {
  let next = 0;
  return Readable.from(sizes.map((size) => Uint8Array.from({ length: size }, () => next++ % 256)));
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const pieces = [];
  for await (const piece of source) pieces.push(piece);
  return pieces;
}

describe('equalPieces', () => {
  it.each([[[10]], [[1, 1, 8]], [[3, 3, 3, 1]], [[0, 7, 0, 3]]])(
    'cuts %p into fours and a rest',
    async (sizes) => {
      const pieces = await collect(equalPieces(from(...sizes), 4));
      expect(pieces.map((piece) => piece.length)).toEqual([4, 4, 2]);
      expect([...Buffer.concat(pieces)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    },
  );

  it('gives no empty piece', async () => {
    expect(await collect(equalPieces(from(), 4))).toEqual([]);
    expect(await collect(equalPieces(from(8), 4))).toHaveLength(2);
  });
});

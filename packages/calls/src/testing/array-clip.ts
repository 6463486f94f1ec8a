import type { Clip } from '../ports.ts';

/** A clip of given pieces, each ready at once; an empty piece is a moment in which nothing is ready. For tests. */
export class ArrayClip implements Clip {
  readonly playId: string;
  readonly #pieces: number[][];
  closed = 0;

  constructor(playId: string, pieces: readonly (readonly number[])[]) {
    this.playId = playId;
    this.#pieces = pieces.map((piece) => [...piece]);
  }

  next(count: number): Int16Array | null {
    const piece = this.#pieces[0];
    if (piece === undefined) return null;
    const samples = piece.splice(0, count);
    if (piece.length === 0) this.#pieces.shift();
    return Int16Array.from(samples);
  }

  close(): void {
    this.closed += 1;
  }
}

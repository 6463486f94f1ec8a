/** Blocks that tapes are done with, by their length, for others to write over: new ones cost their being cleared. */
const SPARE_BLOCKS = new Map<number, Int16Array<ArrayBuffer>[]>();
const MOST_SPARE = 1024;

/** Keeps the samples of a track from a moving start to its end, in blocks, so that nothing is copied as it grows. */
export class SampleTape {
  readonly #blockSamples: number;
  readonly #blocks: Int16Array<ArrayBuffer>[] = [];
  readonly #spare: Int16Array<ArrayBuffer>[];
  /** The block that the next samples go into, and how much of it is used. */
  #last = new Int16Array(0);
  #used = 0;
  /** Position of the first sample of the first block. */
  #origin: number;

  /** Blocks hold `blockSamples` samples; the track starts at `origin`. */
  constructor(blockSamples: number, origin: number) {
    this.#blockSamples = blockSamples;
    this.#used = blockSamples;
    this.#origin = origin;
    this.#spare = SPARE_BLOCKS.get(blockSamples) ?? [];
    SPARE_BLOCKS.set(blockSamples, this.#spare);
  }

  /** Appends a copy of samples. */
  append(samples: Int16Array): void {
    for (let taken = 0; taken < samples.length; ) {
      if (this.#used === this.#blockSamples) {
        this.#last = this.#spare.pop() ?? new Int16Array(this.#blockSamples);
        this.#blocks.push(this.#last);
        this.#used = 0;
      }
      const room = this.#blockSamples - this.#used;
      const isAll = taken === 0 && samples.length <= room;
      const piece = isAll ? samples : samples.subarray(taken, taken + room);
      this.#last.set(piece, this.#used);
      this.#used += piece.length;
      taken += piece.length;
    }
  }

  /** Copies the samples of [from, to), which are on the tape. */
  copy(from: number, to: number): Int16Array {
    const samples = new Int16Array(to - from);
    let start = this.#origin;
    for (const block of this.#blocks) {
      const piece = block.subarray(Math.max(0, from - start), Math.max(0, to - start));
      samples.set(piece, Math.max(0, start - from));
      start += this.#blockSamples;
      if (start >= to) break;
    }
    return samples;
  }

  /** Forgets the blocks that lie before a position; nobody else has seen them, so they can be used again. */
  dropBefore(position: number): void {
    const count = Math.floor((position - this.#origin) / this.#blockSamples);
    for (const block of this.#blocks.splice(0, count)) {
      if (this.#spare.length < MOST_SPARE) this.#spare.push(block);
    }
    this.#origin += count * this.#blockSamples;
  }
}

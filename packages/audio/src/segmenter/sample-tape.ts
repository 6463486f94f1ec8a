/** Keeps the samples of a track from a moving start to its end, in blocks, so that nothing is copied as it grows. */
export class SampleTape {
  readonly #blockSamples: number;
  readonly #blocks: Int16Array[] = [];
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
  }

  /** Appends a copy of samples. */
  append(samples: Int16Array): void {
    for (let taken = 0; taken < samples.length; ) {
      if (this.#used === this.#blockSamples) {
        this.#last = new Int16Array(this.#blockSamples);
        this.#blocks.push(this.#last);
        this.#used = 0;
      }
      const piece = samples.subarray(taken, taken + this.#blockSamples - this.#used);
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

  /** Forgets the blocks that lie before a position. */
  dropBefore(position: number): void {
    const count = Math.floor((position - this.#origin) / this.#blockSamples);
    this.#blocks.splice(0, count);
    this.#origin += count * this.#blockSamples;
  }
}

/** Keeps the samples of a track from a moving start to its end, in blocks, so that nothing is copied as it grows. */
export class SampleTape {
  readonly #blockSamples: number;
  readonly #blocks: Int16Array[] = [];
  /** The block that the next samples go into, and how much of it is used. */
  #last = new Int16Array(0);
  #used = 0;
  /** Position of the first sample of the first block. */
  #origin: number;

  /** Blocks hold `blockSamples` samples, a multiple of what is appended at a time; the track starts at `origin`. */
  constructor(blockSamples: number, origin: number) {
    this.#blockSamples = blockSamples;
    this.#used = blockSamples;
    this.#origin = origin;
  }

  /** Appends a copy of one frame; only the last on a tape may be shorter than the others. */
  append(frame: Int16Array): void {
    if (this.#used === this.#blockSamples) {
      this.#last = new Int16Array(this.#blockSamples);
      this.#blocks.push(this.#last);
      this.#used = 0;
    }
    this.#last.set(frame, this.#used);
    this.#used += frame.length;
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

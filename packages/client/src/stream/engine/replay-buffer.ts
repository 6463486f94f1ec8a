/** Size of the blocks that hold the audio, bytes. */
const BLOCK_BYTES = 65_536;

/** Audio that may have to be sent again. Positions are bytes from the beginning of the stream. */
export class ReplayBuffer {
  readonly #blocks: Uint8Array[] = [];
  /** Position of the first byte of the first block. */
  #blocksStart = 0;
  #first = 0;
  #end = 0;

  /** Position of the oldest byte still held. */
  get first(): number {
    return this.#first;
  }

  /** Position after the newest byte. */
  get end(): number {
    return this.#end;
  }

  get heldBytes(): number {
    return this.#end - this.#first;
  }

  /** Copies the bytes in, so that the caller may reuse its own. */
  append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const place = this.#end - this.#blocksStart;
      const offset = place % BLOCK_BYTES;
      const index = (place - offset) / BLOCK_BYTES;
      const block = this.#blocks[index] ?? new Uint8Array(BLOCK_BYTES);
      this.#blocks[index] = block;
      const taken = Math.min(BLOCK_BYTES - offset, bytes.length - at);
      block.set(bytes.subarray(at, at + taken), offset);
      at += taken;
      this.#end += taken;
    }
  }

  /** Up to `maxBytes` from a position that is held; a copy. */
  read(from: number, maxBytes: number): Uint8Array {
    const piece = new Uint8Array(Math.max(0, Math.min(maxBytes, this.#end - from)));
    for (let filled = 0; filled < piece.length; ) {
      const place = from + filled - this.#blocksStart;
      const offset = place % BLOCK_BYTES;
      const block = this.#blocks[(place - offset) / BLOCK_BYTES];
      if (block === undefined) throw new RangeError('This audio is not held any more.');
      const part = block.subarray(offset, offset + piece.length - filled);
      piece.set(part, filled);
      filled += part.length;
    }
    return piece;
  }

  /** Forgets what lies before a position. */
  release(before: number): void {
    this.#first = Math.min(this.#end, Math.max(this.#first, before));
    while (this.#first - this.#blocksStart >= BLOCK_BYTES) {
      this.#blocks.shift();
      this.#blocksStart += BLOCK_BYTES;
    }
  }
}

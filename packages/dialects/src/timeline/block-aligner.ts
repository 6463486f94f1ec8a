const EMPTY = new Uint8Array(0);

/**
 * Cuts a track's bytes at whole samples. Bytes of an unfinished sample wait for the next frame, so any split of the
 * same bytes gives the same samples.
 */
export class BlockAligner {
  readonly #blockBytes: number;
  #carry: Uint8Array = EMPTY;

  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes;
  }

  /** The whole samples so far; may be a view of `bytes`. */
  align(bytes: Uint8Array): Uint8Array {
    const carry = this.#carry;
    const total = carry.length + bytes.length;
    const over = total % this.#blockBytes;
    if (carry.length === 0 && over === 0) return bytes;
    if (total < this.#blockBytes) {
      this.#carry = joined(carry, bytes);
      return EMPTY;
    }
    const fromFrame = bytes.length - over;
    this.#carry = over === 0 ? EMPTY : bytes.slice(fromFrame);
    return joined(carry, bytes.subarray(0, fromFrame));
  }

  /** Gives up an unfinished sample and tells how many bytes it had. */
  drop(): number {
    const dropped = this.#carry.length;
    this.#carry = EMPTY;
    return dropped;
  }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  if (head.length === 0 && tail.length === 0) return EMPTY;
  const out = new Uint8Array(head.length + tail.length);
  out.set(head);
  out.set(tail, head.length);
  return out;
}

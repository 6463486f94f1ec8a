const SLAB_BYTES = 65_536;
/** Larger pieces would leave too much of a slab behind. */
const MAX_PIECE_BYTES = 4096;
/** Pieces begin where any sample may. */
const ALIGN = 8;

let slab = new ArrayBuffer(SLAB_BYTES);
let taken = 0;

/**
 * A place for some bytes, all zeros, in a piece of memory that many share: a buffer of its own costs more than the few
 * bytes of a frame. The memory lives as long as any of its pieces, so they are for what is used up soon.
 */
export function takeBytes(length: number): Uint8Array {
  if (length > MAX_PIECE_BYTES) return new Uint8Array(length);
  if (taken + length > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    taken = 0;
  }
  const bytes = new Uint8Array(slab, taken, length);
  taken += (length + ALIGN - 1) & -ALIGN;
  return bytes;
}

const SLAB_BYTES = 65_536;
/** Larger pieces would leave too much of a slab behind. */
const MAX_PIECE_BYTES = 8192;
/** Pieces begin where any kind of sample may. */
const ALIGN = 8;

let slab = new ArrayBuffer(SLAB_BYTES);
let taken = 0;

/**
 * Samples, all zero, in a piece of memory that many share: 200 calls send thousands of messages a second, and memory of
 * its own costs each of them more than its copy. It lives as long as any of its pieces, so they are for what goes out soon.
 */
export function takeSamples(count: number): Int16Array {
  const at = reserve(count * Int16Array.BYTES_PER_ELEMENT);
  return at === undefined ? new Int16Array(count) : new Int16Array(slab, at, count);
}

/** The same for floats. */
export function takeFloats(count: number): Float32Array {
  const at = reserve(count * Float32Array.BYTES_PER_ELEMENT);
  return at === undefined ? new Float32Array(count) : new Float32Array(slab, at, count);
}

/** Where in the slab so many bytes lie; undefined when they are too many for it. */
function reserve(bytes: number): number | undefined {
  if (bytes > MAX_PIECE_BYTES) return undefined;
  if (taken + bytes > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    taken = 0;
  }
  const at = taken;
  taken += Math.ceil(bytes / ALIGN) * ALIGN;
  return at;
}

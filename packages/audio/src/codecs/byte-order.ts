/**
 * Refuses a host whose 16-bit integers are not little-endian: sample bytes are copied, not decoded one by one.
 * `probe` holds the bytes of the 16-bit integer 1. Throws Error.
 */
export function requireLittleEndian(probe: Uint8Array): void {
  if (probe[0] !== 1) throw new Error('This software needs a little-endian processor.');
}

requireLittleEndian(new Uint8Array(Uint16Array.of(1).buffer));

/** A copy of little-endian bytes at an aligned place; the length must be a multiple of `unitBytes` (RangeError). */
export function alignedCopy(bytes: Uint8Array, unitBytes: number): ArrayBuffer {
  if (bytes.length % unitBytes !== 0) {
    throw new RangeError(`${bytes.length} bytes are not whole samples of ${unitBytes} bytes.`);
  }
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy.buffer;
}

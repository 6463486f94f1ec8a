/** Adds a track to another in place, sample by sample, clipped to 16 bits; the other may be shorter. */
export function mixInto(target: Int16Array, other: Int16Array): void {
  const length = Math.min(target.length, other.length);
  for (let i = 0; i < length; i++) {
    const sum = (target[i] ?? 0) + (other[i] ?? 0);
    target[i] = Math.max(-32_768, Math.min(32_767, sum));
  }
}

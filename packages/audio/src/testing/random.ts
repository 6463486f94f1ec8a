/** A generator of repeatable numbers in [0, 1), by Marsaglia's xorshift with 32 bits of state. */
export function seededRandom(seed: number): () => number {
  let state = (seed + 1) * 40_503;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

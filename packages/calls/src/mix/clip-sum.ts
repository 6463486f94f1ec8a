/**
 * The clipped sum of two pieces of 16-bit audio: each sample is `a + b`, held within [-32768, 32767]. The result is as
 * long as the longer one; the shorter counts as silence behind its end.
 */
export function clipSum(a: Int16Array, b: Int16Array): Int16Array {
  const [longer, shorter] = a.length >= b.length ? [a, b] : [b, a];
  const sum = new Int16Array(longer.length);
  sum.set(longer);
  addClipped(sum, shorter, 0);
  return sum;
}

/** Adds samples to what stands in `into` from `at` on, clipped as in `clipSum`. They must fit (RangeError). */
export function addClipped(into: Int16Array, samples: Int16Array, at: number): void {
  if (at < 0 || at + samples.length > into.length) {
    throw new RangeError(`${samples.length} samples do not fit at ${at} of ${into.length}.`);
  }
  for (let index = 0; index < samples.length; index += 1) {
    const sum = (into[at + index] ?? 0) + (samples[index] ?? 0);
    into[at + index] = Math.max(-32_768, Math.min(32_767, sum));
  }
}

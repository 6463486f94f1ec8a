/** One value of a table or delay line; 0 outside of it, so that a filter can read past either end. */
export function int16At(values: Int16Array, index: number): number {
  return values[index] ?? 0;
}

/** One value of a float array; 0 outside of it. Apart from `int16At`, so that each call site sees one array kind. */
export function float64At(values: Float64Array, index: number): number {
  return values[index] ?? 0;
}

/** One value of a float array of half the precision; 0 outside of it. */
export function float32At(values: Float32Array, index: number): number {
  return values[index] ?? 0;
}

/** One value of a byte array; 0 outside of it. */
export function uint8At(values: Uint8Array, index: number): number {
  return values[index] ?? 0;
}

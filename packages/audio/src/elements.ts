/** One value of a table or delay line; 0 outside of it, so that a filter can read past either end. */
export function int16At(values: Int16Array, index: number): number {
  return values[index] ?? 0;
}

/** One value of a float array; 0 outside of it. Apart from `int16At`, so that each call site sees one array kind. */
export function float64At(values: Float64Array, index: number): number {
  return values[index] ?? 0;
}

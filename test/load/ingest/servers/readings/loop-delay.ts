/** As the services themselves measure it: a reading of an idle loop is about this long, ms. */
export const LOOP_RESOLUTION_MS = 20;

/**
 * The 99th percentile of a monitor's readings within `elapsedMs`, ms. A loop that is held up takes few readings: when there
 * are fewer than its percentile allows for, the time between them tells how late it was.
 */
export function worstReading(
  monitor: { readonly count: number; percentile(percentile: number): number },
  elapsedMs: number,
): number {
  const told = monitor.count === 0 ? 0 : monitor.percentile(99) / 1e6;
  return Math.max(told, elapsedMs / (monitor.count + 1));
}

/** How late the loop was, of a reading that counts the monitor's own interval, ms. */
export function lateness(readMs: number): number {
  return Math.max(0, readMs - LOOP_RESOLUTION_MS);
}

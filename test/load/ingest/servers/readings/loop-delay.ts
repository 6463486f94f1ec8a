/** As the services themselves measure it: a reading of an idle loop is about this long, ms. */
export const LOOP_RESOLUTION_MS = 20;

/** How late the loop was, of a reading that counts the monitor's own interval, ms. */
export function lateness(readMs: number): number {
  return Math.max(0, readMs - LOOP_RESOLUTION_MS);
}

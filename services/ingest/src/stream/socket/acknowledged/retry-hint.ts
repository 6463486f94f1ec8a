/** Close codes after which connecting again helps, with the first moment and the spread of it, ms. */
const WAITS: Readonly<Record<number, { readonly leastMs: number; readonly spreadMs: number }>> = {
  // Another node of the service is there, or this one is back soon.
  1012: { leastMs: 200, spreadMs: 1800 },
  1011: { leastMs: 500, spreadMs: 2500 },
  1013: { leastMs: 2000, spreadMs: 8000 },
};

/** When a client closed with `code` should connect again, ms; spread so that not all come at once. */
export function retryAfterMs(code: number, random: () => number): number | undefined {
  const wait = WAITS[code];
  return wait === undefined ? undefined : Math.round(wait.leastMs + random() * wait.spreadMs);
}

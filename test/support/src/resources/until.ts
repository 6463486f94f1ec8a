import { setTimeout as sleep } from 'node:timers/promises';

/** How long `until` goes on, how often it looks, and what it names when it gives up. */
export interface UntilOptions {
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
  readonly what?: string;
}

/**
 * Calls `look` until it gives something other than undefined, null or false, and resolves to that.
 * A throwing `look` counts as "not yet"; its last error is the cause of the final rejection.
 */
export async function until<T>(
  look: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<Exclude<T, undefined | null | false>> {
  const { timeoutMs = 10_000, intervalMs = 20, what = 'the condition' } = options;
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await look();
      if (isSettled(value)) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) break;
    await sleep(intervalMs);
  }
  const because = cause instanceof Error ? `: ${cause.message}` : '';
  throw new Error(`${what} did not come true within ${timeoutMs} ms${because}`, { cause });
}

function isSettled<T>(value: T): value is Exclude<T, undefined | null | false> {
  return value !== undefined && value !== null && value !== false;
}

import type { Log } from '@earshot/runtime';

/**
 * Runs a pass now and at every interval; a turn that comes while one still runs is left out. Returns what stops it,
 * waiting for a pass that runs.
 */
export function repeat(pass: () => Promise<void>, intervalMs: number, log: Log): () => Promise<void> {
  let running: Promise<void> | undefined;
  const next = (): void => {
    running ??= pass()
      .catch((error: unknown) => {
        log.warn({ err: error }, 'a maintenance pass failed; the next one tries again');
      })
      .finally(() => {
        running = undefined;
      });
  };
  next();
  const timer = setInterval(next, intervalMs);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

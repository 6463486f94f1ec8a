import type { Log } from '@earshot/runtime';
import type { Sessions } from '@earshot/sessions';

const SWEEP_MS = 15_000;

/**
 * Expires sessions whose time is up, and rebuilds an index that was emptied. One pass at a time; returns what
 * stops it, waiting for a pass that runs.
 */
export function startTimers(sessions: Sessions, log: Log): () => Promise<void> {
  const stopped = new AbortController();
  let running: Promise<void> = Promise.resolve();
  const pass = async (): Promise<void> => {
    try {
      const restored = await sessions.primeIndex(stopped.signal);
      if (restored > 0) log.warn({ restored }, 'the index was empty and has been rebuilt');
      await sessions.sweepExpired();
    } catch (error) {
      log.warn({ err: error }, 'a maintenance pass failed; the next one tries again');
    }
  };
  const next = (): void => {
    running = running.then(pass);
  };
  next();
  const timer = setInterval(next, SWEEP_MS);
  return async () => {
    stopped.abort();
    clearInterval(timer);
    await running;
  };
}

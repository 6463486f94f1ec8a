import { repeat } from '@earshot/node';
import type { Log } from '@earshot/runtime';
import type { Sessions } from '@earshot/sessions';

const SWEEP_MS = 15_000;
const CARRY_MS = 3000;

/**
 * Expires sessions whose time is up, rebuilds an index that was emptied, and carries through what End has answered.
 * One pass of each at a time; returns what stops them, waiting for passes that run.
 */
export function startTimers(
  sessions: Pick<Sessions, 'primeIndex' | 'sweepExpired' | 'carryEnds'>,
  log: Log,
): () => Promise<void> {
  const stopped = new AbortController();
  const sweep = async (): Promise<void> => {
    const restored = await sessions.primeIndex(stopped.signal);
    if (restored > 0) log.warn({ restored }, 'the index was empty and has been rebuilt');
    await sessions.sweepExpired();
  };
  const carry = async (): Promise<void> => {
    const finished = await sessions.carryEnds(stopped.signal);
    if (finished > 0) log.info({ finished }, 'sessions were ended whose streams came in late');
  };
  const stops = [repeat(sweep, SWEEP_MS, log), repeat(carry, CARRY_MS, log)];
  return async () => {
    stopped.abort();
    await Promise.all(stops.map((stop) => stop()));
  };
}

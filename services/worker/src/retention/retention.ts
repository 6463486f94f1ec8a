import type { TenantPolicy } from '@earshot/protocol';
import type { WorkerParts } from '../parts.ts';
import type { PassLock } from '../reconciler/reconciler.ts';
import { sweepRetention } from './sweep.ts';

/** The daily sweep over all sessions. */
export interface Retention {
  start(): void;
  /** Resolves once no sweep runs. */
  stop(): Promise<void>;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A sweep that takes longer is joined by another worker, which does no harm. */
const HOLD_MS = 6 * HOUR_MS;

/**
 * Sweeps once a day, at start too when a day has passed; of several workers one does it. When the last sweep was is
 * kept in the object store, so that restarts and an emptied Redis do not repeat it.
 */
export function createRetention(parts: WorkerParts, lock: PassLock, fallback: TenantPolicy): Retention {
  const stopped = new AbortController();
  const isStopped = (): boolean => stopped.signal.aborted;
  let running = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const isDue = async (): Promise<boolean> => {
    const mark = await parts.archive.readRetentionMark();
    return mark === null || parts.now().getTime() - Date.parse(mark.sweptAt) >= DAY_MS;
  };
  const look = async (): Promise<void> => {
    if (isStopped()) return;
    try {
      if (!(await isDue()) || !(await lock.take(HOLD_MS)) || !(await isDue())) return;
      const sweptAt = parts.now().toISOString();
      const counts = await sweepRetention(parts, fallback, stopped.signal);
      if (isStopped()) return;
      await parts.archive.writeRetentionMark({ v: 1, sweptAt });
      parts.log.info(counts, 'sessions were looked at for what is not to be kept any longer');
    } catch (error) {
      parts.log.warn({ err: error }, 'the sweep of old sessions broke off; it is tried again');
    }
  };
  const next = (): void => {
    running = running.then(look);
  };
  return {
    start() {
      next();
      timer = setInterval(next, HOUR_MS);
    },
    async stop() {
      stopped.abort();
      clearInterval(timer);
      await running;
    },
  };
}

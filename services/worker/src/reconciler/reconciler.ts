import { randomUUID } from 'node:crypto';
import type { PendingMarker } from '@earshot/protocol';
import type { WorkerParts } from '../parts.ts';
import { type Repair, repairPending } from './pending-session.ts';

/** Grants the next pass to one process at a time. */
export interface PassLock {
  /** True for the one that may do the pass; the others are refused for `holdMs`. */
  take(holdMs: number): Promise<boolean>;
}

/** The Redis command that a lock needs. */
interface LockClient {
  set(key: string, value: string, px: 'PX', ms: number, nx: 'NX'): Promise<'OK' | null>;
}

/** Markers looked at side by side. */
const PARALLEL = 8;
/** The lock ends before the holder's next turn, so that a lone process always gets it. */
const HOLD_SHARE = 0.8;

/** A lock that nobody gives back: it runs out, and so also spaces the passes of many processes. */
export function createPassLock(redis: LockClient, name: 'reconciler' | 'retention'): PassLock {
  const owner = randomUUID();
  return {
    async take(holdMs) {
      return (await redis.set(`earshot:${name}`, owner, 'PX', holdMs, 'NX')) === 'OK';
    },
  };
}

/** Finds ended sessions that nobody works on any more, and sets them going again. */
export interface Reconciler {
  start(): void;
  /** Resolves once no pass runs. */
  stop(): Promise<void>;
}

/** Looks every `intervalMs`; a pass that fails is told to the log and the next one tries again. */
export function createReconciler(parts: WorkerParts, lock: PassLock, intervalMs: number): Reconciler {
  const stopped = new AbortController();
  let running = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const pass = async (): Promise<void> => {
    if (stopped.signal.aborted) return;
    try {
      if (!(await lock.take(Math.round(intervalMs * HOLD_SHARE)))) return;
      const counts = await reconcile(parts, stopped.signal);
      if (counts.queued + counts.finished > 0) {
        parts.log.warn(counts, 'sessions without anybody at work were taken up again');
      }
    } catch (error) {
      parts.log.warn({ err: error }, 'a reconciler pass failed; the next one tries again');
    }
  };
  const next = (): void => {
    running = running.then(pass);
  };
  return {
    start() {
      next();
      timer = setInterval(next, intervalMs);
    },
    async stop() {
      stopped.abort();
      clearInterval(timer);
      await running;
    },
  };
}

/** One pass over all pending markers. One bad session does not keep the others from being looked at. */
export async function reconcile(parts: WorkerParts, signal: AbortSignal): Promise<Record<Repair, number>> {
  const counts: Record<Repair, number> = { none: 0, dropped: 0, finished: 0, queued: 0 };
  const markers = parts.archive.listPending()[Symbol.asyncIterator]();
  const lane = async (): Promise<void> => {
    for (let next = await markers.next(); next.done !== true; next = await markers.next()) {
      if (signal.aborted) return;
      counts[await repairOrTell(parts, next.value)] += 1;
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, lane));
  return counts;
}

async function repairOrTell(parts: WorkerParts, marker: PendingMarker): Promise<Repair> {
  try {
    return await repairPending(parts, marker);
  } catch (error) {
    parts.log.error({ err: error, session: marker.sessionId }, 'a pending session could not be repaired');
    return 'none';
  }
}

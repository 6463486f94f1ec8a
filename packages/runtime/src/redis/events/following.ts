import { EVENT_LOG_START, type EventPlace, type LoggedEvent } from './event-names.ts';
import type { EventNotices } from './event-notices.ts';

/** Events read at once. */
const BATCH = 100;
/** A notice may be lost with its connection, so the log is looked at this often anyway, ms. */
const LOOK_MS = 2000;

interface FollowParts {
  /** Entries from one on, itself included; `-` is the oldest. */
  readonly range: (place: EventPlace, from: string, limit: number) => Promise<LoggedEvent[]>;
  readonly notices: EventNotices;
}

/**
 * Reads on whenever there is news, until the signal aborts. Each reading begins with the entry where the last one ended:
 * when that one is gone, events behind it may be gone too, and `reset` says so.
 */
export async function* follow(
  { range, notices }: FollowParts,
  { place, after }: { readonly place: EventPlace; readonly after: string },
  signal: AbortSignal,
): AsyncGenerator<LoggedEvent | 'reset'> {
  const news = createBell(signal);
  const leave = notices.watch(place.tenant, news.ring);
  let at = after;
  try {
    while (!signal.aborted) {
      const fresh = at === EVENT_LOG_START;
      // While Redis is away nothing is known, which is no reset.
      const found = await range(place, fresh ? '-' : at, BATCH).catch(() => null);
      if (found !== null && !fresh && found[0]?.id !== at) {
        at = EVENT_LOG_START;
        yield 'reset';
        continue;
      }
      for (const logged of found?.slice(fresh ? 0 : 1) ?? []) {
        yield logged;
        at = logged.id;
      }
      if (found === null || found.length < BATCH) await news.wait(LOOK_MS);
    }
  } finally {
    leave();
  }
}

interface Bell {
  readonly ring: () => void;
  /** Resolves at the next ring, at one since the last wait, after `ms`, or when the signal aborts. */
  wait(ms: number): Promise<void>;
}

function createBell(signal: AbortSignal): Bell {
  let rung = false;
  let wake: (() => void) | null = null;
  const ring = (): void => {
    rung = true;
    wake?.();
  };
  return {
    ring,
    wait(ms) {
      return new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          wake = null;
          rung = false;
          resolve();
        };
        const timer = setTimeout(done, ms);
        wake = done;
        signal.addEventListener('abort', done, { once: true });
        if (rung || signal.aborted) done();
      });
    },
  };
}

import type { EventPlace, LoggedEvent } from './event-names.ts';
import type { EventNotices } from './event-notices.ts';

/** Events read at once. */
const BATCH = 100;
/** A notice may be lost with its connection, so the log is looked at this often anyway, ms. */
const LOOK_MS = 2000;

interface FollowParts {
  readonly log: {
    readonly read: (place: EventPlace, after: string, limit: number) => Promise<LoggedEvent[]>;
  };
  readonly notices: EventNotices;
}

/** Reads on whenever there is news, until the signal aborts. */
export async function* follow(
  { log, notices }: FollowParts,
  { place, after }: { readonly place: EventPlace; readonly after: string },
  signal: AbortSignal,
): AsyncGenerator<LoggedEvent> {
  const news = createBell(signal);
  const leave = notices.watch(place.tenant, news.ring);
  let at = after;
  try {
    while (!signal.aborted) {
      const batch = await log.read(place, at, BATCH).catch((): LoggedEvent[] => []);
      for (const logged of batch) {
        yield logged;
        at = logged.id;
      }
      if (batch.length < BATCH) await news.wait(LOOK_MS);
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

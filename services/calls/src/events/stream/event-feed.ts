import { Readable } from 'node:stream';
import { EarshotError, standardEventBody } from '@earshot/protocol';
import type { EventLog, EventPlace, LoggedEvent } from '@earshot/runtime';

/** Where a stream begins. */
export interface FeedStart {
  /** Events behind this place are sent. */
  readonly after: string;
  /** The client asked for a place that is not kept any more: it may have missed events. */
  readonly reset: boolean;
}

export interface FeedTimes {
  /** A comment is sent this often, ms. */
  readonly heartbeatMs: number;
  /** The credential is checked again this often, ms. */
  readonly recheckMs: number;
  /** A reader that takes nothing for this long is cut off, ms. */
  readonly stallMs: number;
}

export interface FeedOptions extends FeedStart {
  readonly events: Pick<EventLog, 'follow'>;
  readonly place: EventPlace;
  /** Rejects with an error of status 401 or 403 when the stream has to end. */
  readonly recheck: () => Promise<void>;
  readonly times: FeedTimes;
  /** Told once, when the stream is over for whatever reason. */
  readonly onClose: () => void;
}

/** One client's event stream (WHATWG HTML, server-sent events). */
export interface EventFeed {
  readonly body: Readable;
  /** Ends the stream in order. */
  end(): void;
}

/** The client may have missed events; what is kept comes next. */
const RESET = 'event: reset\ndata: {"reason":"events before this are not kept"}\n\n';
/** How long a client waits before it comes back, ms. */
const RETRY_MS = 2000;

/**
 * Opens a stream that sends what is in the log and what comes. For a slow reader it holds a
 * buffer's worth and no more; the rest waits in the log.
 */
export function openFeed(options: FeedOptions): EventFeed {
  const { events, place, times } = options;
  const over = new AbortController();
  let drained: (() => void) | null = null;
  let stall: Promise<boolean> | null = null;
  const body = new Readable({
    read: () => drained?.(),
    destroy: (error, done) => {
      over.abort();
      done(error);
    },
  });
  const end = (): void => {
    if (over.signal.aborted) return;
    over.abort();
    body.push(null);
  };
  /** Waits for a slow reader; one that takes nothing for so long is cut off, as an orderly end would wait for it too. */
  const drain = async (): Promise<boolean> => {
    const ready = await within(times.stallMs, over.signal, (done) => {
      drained = done;
    });
    drained = null;
    stall = null;
    if (!ready) body.destroy();
    return ready;
  };
  /** False: the stream is over. */
  const send = async (text: string): Promise<boolean> => {
    if (stall !== null && !(await stall)) return false;
    if (over.signal.aborted) return false;
    if (body.push(text)) return true;
    stall ??= drain();
    return stall;
  };
  const timers = [
    setInterval(() => {
      if (stall === null) void send(': still here\n\n');
    }, times.heartbeatMs),
    setInterval(
      () => void options.recheck().catch((error: unknown) => isRefusal(error) && end()),
      times.recheckMs,
    ),
  ];
  over.signal.addEventListener('abort', () => {
    for (const timer of timers) clearInterval(timer);
    options.onClose();
  });
  const run = async (): Promise<void> => {
    if (!(await send(opening(options)))) return;
    for await (const logged of events.follow(place, options.after, over.signal)) {
      if (!(await send(logged === 'reset' ? RESET : eventText(logged)))) return;
    }
  };
  void run().catch(() => body.destroy());
  return { body, end };
}

/** An outage is no refusal: the stream goes on until somebody says that the credential is void. */
function isRefusal(error: unknown): boolean {
  return error instanceof EarshotError && (error.status === 401 || error.status === 403);
}

/** The place comes first, so that a client that has seen no event yet can come back to it. */
function opening({ after, reset }: FeedStart): string {
  const place = `: events of earshot\nretry: ${RETRY_MS}\nid: ${after}\n\n`;
  return reset ? place + RESET : place;
}

function eventText({ id, event }: LoggedEvent): string {
  return `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(standardEventBody(event))}\n\n`;
}

/** True when `begin`'s callback comes within `ms` and before the signal aborts. */
function within(ms: number, signal: AbortSignal, begin: (done: () => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (ready: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(ready);
    };
    const onAbort = (): void => settle(false);
    const timer = setTimeout(() => settle(false), ms);
    signal.addEventListener('abort', onAbort, { once: true });
    begin(() => settle(true));
  });
}

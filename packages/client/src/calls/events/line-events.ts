import { LIMITS, StandardEventBody } from '@earshot/protocol';
import { EarshotApiError, EarshotConnectionError } from '../../http/api-error.ts';
import type { BodyOpener } from '../../http/body-opener.ts';
import { pause } from '../../http/requester.ts';
import { Outage } from '../../stream/engine/outage.ts';
import { bytesOf } from '../../upload/upload-source.ts';
import { EventReader, type ServerEvent } from './event-reader.ts';

/**
 * Something that happened. `reset` says that events before it were missed: they are not kept any more. `place` leads
 * back to just behind it.
 */
export type LineEvent =
  | { readonly kind: 'event'; readonly place: string; readonly event: StandardEventBody }
  | { readonly kind: 'reset'; readonly place: string };

export interface EventOptions {
  /** A line; all lines and sessions of the tenant when left out. */
  readonly line?: string;
  /** Begins behind this place, with `0-0` at the first event that is kept; now when left out. */
  readonly after?: string;
  /** Ends the events with its reason. */
  readonly signal?: AbortSignal;
  /** A connection on which nothing comes for this long is given up, ms; three heartbeats when left out. */
  readonly stallMs?: number;
  /** A server that cannot be reached is tried for this long, ms; 5 minutes when left out. */
  readonly resumeForMs?: number;
}

const RESUME_FOR_MS = 300_000;
const DELAYS = { baseDelayMs: 250, maxDelayMs: 15_000 };
/** Events that come a second time are known by their ids; so many are remembered. */
const REMEMBERED = 1000;

interface EventTarget {
  readonly url: string;
  readonly open: BodyOpener;
}

/** What is remembered between connections. */
interface Progress {
  place: string | undefined;
  retryMs: number | undefined;
  readonly seen: Set<string>;
}

/** Every event once and in order, over drops and restarts of the server. Throws what makes going on useless. */
export async function* lineEvents(target: EventTarget, options: EventOptions): AsyncGenerator<LineEvent> {
  const outage = new Outage(
    { ...DELAYS, resumeForMs: options.resumeForMs ?? RESUME_FOR_MS },
    { elapsedMs: () => performance.now(), random: () => Math.random() },
  );
  const progress: Progress = { place: options.after, retryMs: undefined, seen: new Set() };
  for (;;) {
    let problem: unknown;
    try {
      for await (const event of connection(target, progress, options)) {
        outage.over();
        if (event !== 'alive') yield event;
      }
    } catch (error) {
      if (isFinal(error, options.signal)) throw error;
      problem = error;
    }
    const delayMs = outage.nextDelayMs(hintOf(problem) ?? progress.retryMs);
    if (delayMs === undefined) throw asError(problem);
    await pause(delayMs, options.signal);
  }
}

/** The events of one connection, and a sign of life for each time that something came. */
async function* connection(
  target: EventTarget,
  progress: Progress,
  options: EventOptions,
): AsyncGenerator<LineEvent | 'alive'> {
  const reader = new EventReader();
  for await (const bytes of openBytes(target, progress.place, options)) {
    yield 'alive';
    for (const read of reader.push(bytes)) {
      progress.place = read.place === '' ? progress.place : read.place;
      const event = lineEvent(read);
      if (event !== undefined && !isRepeated(event, progress.seen)) yield event;
    }
    // A place may be told without an event, as it is at the beginning.
    if (reader.place !== '') progress.place = reader.place;
    progress.retryMs = reader.retryMs ?? progress.retryMs;
  }
}

/** The bytes of one connection, which ends when nothing comes for too long. */
async function* openBytes(
  { url, open }: EventTarget,
  place: string | undefined,
  { signal, stallMs = LIMITS.eventHeartbeatMs * 3 }: EventOptions,
): AsyncGenerator<Uint8Array> {
  const over = new AbortController();
  const stop = () => over.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener('abort', stop, { once: true });
  let timer = setTimeout(() => over.abort(stalled()), stallMs);
  try {
    const headers = {
      accept: 'text/event-stream',
      ...(place === undefined ? {} : { 'last-event-id': place }),
    };
    const body = await open({ url, headers, expect: 200, signal: over.signal });
    for await (const bytes of bytesOf(body)) {
      clearTimeout(timer);
      timer = setTimeout(() => over.abort(stalled()), stallMs);
      yield bytes;
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    over.abort();
  }
}

function stalled(): Error {
  return new EarshotConnectionError('The event stream fell silent.');
}

/** Events that this version does not know are passed over. */
function lineEvent({ type, data, place }: ServerEvent): LineEvent | undefined {
  if (type === 'reset') return { kind: 'reset', place };
  const event = StandardEventBody.safeParse(parseJson(data));
  return event.success ? { kind: 'event', place, event: event.data } : undefined;
}

/** Remembers the event if it is none that came before. */
function isRepeated(event: LineEvent, seen: Set<string>): boolean {
  if (event.kind === 'reset') return false;
  const { id } = event.event;
  if (seen.has(id)) return true;
  seen.add(id);
  const [oldest] = seen;
  if (seen.size > REMEMBERED && oldest !== undefined) seen.delete(oldest);
  return false;
}

/** Refusals that coming back does not change, streams that are none, and the caller's own wish to stop. */
function isFinal(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted === true || error instanceof RangeError) return true;
  if (!(error instanceof EarshotApiError)) return false;
  return error.status < 500 && error.status !== 429 && error.status !== 408;
}

function hintOf(problem: unknown): number | undefined {
  return problem instanceof EarshotApiError ? problem.retryAfterMs : undefined;
}

function asError(problem: unknown): Error {
  if (problem instanceof EarshotApiError || problem instanceof EarshotConnectionError) return problem;
  return new EarshotConnectionError('The event stream could not be resumed.', { cause: problem });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { EarshotError, type RecordingView } from '@earshot/protocol';
import { z } from 'zod';
import type { CallView } from '../ports.ts';
import type { RecordingDeps } from './deps.ts';
import { recordingViews } from './recording-view.ts';
import { shelfOf } from './shelf.ts';

export interface RecordingPage {
  readonly recordings: RecordingView[];
  /** Leads to older ones; null when there are none. */
  readonly nextCursor: string | null;
}

/** Calls looked at for one page: a line may have many without recordings. */
const MAX_CALLS = 500;
const CALLS_AT_ONCE = 25;

/** When the calls began that the next page begins behind, and which of them were seen: several may share a millisecond. */
const Place = z.tuple([z.iso.datetime(), z.array(z.string()).min(1)]);
type Place = z.infer<typeof Place>;

/**
 * Recordings of a line, those of the newest calls first; the files of one call always come together, so a page may hold
 * up to two more than asked for. A page may also be short, or empty, while the cursor leads on.
 */
export async function listLineRecordings(
  deps: RecordingDeps,
  line: { readonly tenant: string; readonly lineId: string },
  page: { readonly limit: number; readonly cursor: string | undefined },
): Promise<RecordingPage> {
  let place = page.cursor === undefined ? null : decode(page.cursor);
  const recordings: RecordingView[] = [];
  for (let seen = 0; seen < MAX_CALLS; ) {
    const calls = await callsBehind(deps, line, place);
    if (calls.length === 0) return { recordings, nextCursor: null };
    const shelves = await Promise.all(calls.map((call) => shelfOf(deps, call)));
    for (const [n, shelf] of shelves.entries()) {
      if (shelf !== null) recordings.push(...recordingViews(shelf.sidecar));
      place = placeOf(calls[n], place);
      seen += 1;
      if (recordings.length >= page.limit) return { recordings, nextCursor: encode(place) };
    }
  }
  return { recordings, nextCursor: encode(place) };
}

/** Calls that come behind a place: older ones, and those of the same millisecond that were not seen. */
async function callsBehind(
  { calls }: Pick<RecordingDeps, 'calls'>,
  line: { readonly tenant: string; readonly lineId: string },
  place: Place | null,
): Promise<CallView[]> {
  if (place === null) return calls.list({ ...line, limit: CALLS_AT_ONCE, before: null });
  const [at, seen] = place;
  const before = new Date(Date.parse(at) + 1).toISOString();
  const found = await calls.list({ ...line, limit: CALLS_AT_ONCE + seen.length, before });
  return found.filter(({ callId }) => !seen.includes(callId));
}

function placeOf(call: CallView | undefined, known: Place | null): Place | null {
  if (call === undefined) return known;
  const { createdAt, callId } = call;
  return known?.[0] === createdAt ? [createdAt, [...known[1], callId]] : [createdAt, [callId]];
}

function encode(place: Place | null): string | null {
  return place === null ? null : Buffer.from(JSON.stringify(place)).toString('base64url');
}

function decode(cursor: string): Place {
  const place = Place.safeParse(parsed(Buffer.from(cursor, 'base64url').toString('utf8')));
  if (!place.success)
    throw new EarshotError('invalid_request', { message: 'The cursor is not one of ours.' });
  return place.data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import type { JsonObject, MediaFields } from '../model/dialect.ts';
import { isJsonObject, wholeNumber } from './fields.ts';

/**
 * Reads `media.{track, chunk, timestamp, payload}`, the shape that telephony dialects share; null when the payload
 * or a counter is not what it should be. `scanMedia` finds the same in most messages, without an object of each.
 */
export function countedMedia(message: JsonObject): MediaFields | null {
  const media = message['media'];
  if (!isJsonObject(media)) return null;
  const payload = media['payload'];
  if (typeof payload !== 'string') return null;
  const track = media['track'];
  const declared = media['chunk'] ?? null;
  const chunk = declared === null ? null : wholeNumber(declared);
  if (declared !== null && chunk === null) return null;
  return {
    track: typeof track === 'string' ? track : null,
    chunk,
    timestampMs: milliseconds(media['timestamp']),
    payload,
  };
}

/** As countedMedia for senders without frame numbers: whatever stands in `chunk` is not looked at. */
export function plainMedia(message: JsonObject): MediaFields | null {
  const media = message['media'];
  if (!isJsonObject(media)) return null;
  const payload = media['payload'];
  if (typeof payload !== 'string') return null;
  const track = media['track'];
  return {
    track: typeof track === 'string' ? track : null,
    chunk: null,
    timestampMs: milliseconds(media['timestamp']),
    payload,
  };
}

/** A time in ms, as a number or as decimal digits; null for anything else, since audio does not depend on it. */
function milliseconds(value: unknown): number | null {
  if (typeof value === 'string') return /^\d{1,15}(\.\d{1,9})?$/.test(value) ? Number(value) : null;
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : null;
}

import type { SessionRef } from '@earshot/protocol';

/** Where a track of a stream stood when the stream's state was written. */
export interface ToldTrack {
  readonly code: number;
  readonly sampleRate: number;
  /** Everything below was released. */
  readonly start: number;
  readonly end: number;
}

/** The payload of a stream record: enough to explain every other record of the stream in its file. */
export interface ToldStream {
  readonly ref: SessionRef;
  readonly meta: Record<string, unknown>;
  readonly closed: boolean;
  readonly erased: boolean;
  readonly tracks: readonly ToldTrack[];
}

export function encodeStream(told: ToldStream): Buffer {
  const { tenant, sessionId } = told.ref;
  const tracks = told.tracks.map(({ code, sampleRate, start, end }) => [code, sampleRate, start, end]);
  return Buffer.from(
    JSON.stringify({ tenant, sessionId, meta: told.meta, closed: told.closed, erased: told.erased, tracks }),
  );
}

/** Undefined for JSON of any other shape. */
export function decodeStream(payload: Uint8Array): ToldStream | undefined {
  const value = parsed(payload);
  if (value === undefined) return undefined;
  const { tenant, sessionId, meta, closed, erased, tracks } = value;
  if (typeof tenant !== 'string' || typeof sessionId !== 'string') return undefined;
  if (!isObject(meta) || !Array.isArray(tracks)) return undefined;
  const told = tracks.map((track) => toldTrack(track));
  if (told.includes(undefined)) return undefined;
  return {
    ref: { tenant, sessionId },
    meta,
    closed: closed === true,
    erased: erased === true,
    tracks: told.filter((track) => track !== undefined),
  };
}

function toldTrack(value: unknown): ToldTrack | undefined {
  if (!Array.isArray(value)) return undefined;
  const [code, sampleRate, start, end] = value.map((part) =>
    Number.isSafeInteger(part) ? Number(part) : -1,
  );
  if (code === undefined || sampleRate === undefined || start === undefined || end === undefined)
    return undefined;
  return code < 0 || sampleRate < 1 || start < 0 || end < start
    ? undefined
    : { code, sampleRate, start, end };
}

function parsed(payload: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString());
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

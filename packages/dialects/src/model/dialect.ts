import type { TrackName } from '@earshot/protocol';
import type { DtmfEvent, MarkEvent } from './events.ts';
import type { Codec } from './format.ts';

/** A parsed JSON object from the wire; every field is still to be checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What an opening message says, unchecked; null or undefined where it says nothing. */
export interface Declaration {
  readonly encoding: unknown;
  readonly sampleRate: unknown;
  readonly channels: unknown;
  readonly byteOrder: unknown;
  readonly callId: string | null;
  readonly streamId: string | null;
  /** Names of the tracks to come: one name or a list. */
  readonly tracks: unknown;
  /** Tracks of interleaved channels, where a binary dialect has several. */
  readonly interleaved: readonly TrackName[] | null;
  /** Whether audio can be sent back; null where the opening does not tell. */
  readonly bidirectional: boolean | null;
}

/** One media message, its payload still in base64. */
export interface MediaFields {
  /** The sender's name of the track, null if it gives none. */
  readonly track: string | null;
  /** The frame's number on its track, null if it has none. */
  readonly chunk: number | null;
  /** ms since the stream began or since 1970, whichever the platform counts. */
  readonly timestampMs: number | null;
  readonly payload: string;
}

/** The format of a dialect where its opening message says nothing. */
export interface UsualFormat {
  readonly codec: Codec;
  /** Samples per second; null takes the route's default rate. */
  readonly sampleRate: number | null;
  readonly bigEndian: boolean;
  /** Documents or platforms disagree on the byte order. */
  readonly ambiguousOrder: boolean;
  /** The documents allow silence about the format, so taking the default deserves no warning. */
  readonly mayBeUndeclared: boolean;
}

/** One wire format: how to know it and how to read it. Stateless. */
export interface Dialect {
  readonly name: string;
  /** What carries audio after the opening. */
  readonly carrier: 'binary' | 'text';
  /** Number of a track's first frame where the platform documents it, else null. */
  readonly firstChunk: number | null;
  /** Frames come in the order of their numbers; a number left out is a frame that was lost. */
  readonly keepsOrder: boolean;
  /** After `stop` another `start` may follow on the same socket. */
  readonly restartable: boolean;
  /** Null: only configuration can tell. */
  readonly usual: UsualFormat | null;
  /** Control events that need no answer and no warning; null lets every text message but `stop` warn. */
  readonly quietEvents: ReadonlySet<string> | null;
  /** Whether an opening message is of this dialect; `hello` is an earlier `connected` message, if there was one. */
  recognises(message: JsonObject, hello: JsonObject | null): boolean;
  declares(message: JsonObject): Declaration;
  /** Whether `media` is `countedMedia`, so that a scanner may take its place. */
  readonly scansMedia: boolean;
  /** Reads a media message; null when it is malformed. */
  media(message: JsonObject): MediaFields | null;
  /** Reads a message about playback or keys; null when it is none, or malformed. */
  control(message: JsonObject): MarkEvent | DtmfEvent | null;
}

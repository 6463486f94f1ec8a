import type { ProcessingIssue, TrackName } from '@earshot/protocol';

/** One decoded piece of audio of one track. */
export interface AudioFrame {
  readonly track: TrackName;
  /** Samples per second. */
  readonly sampleRate: number;
  readonly samples: Int16Array;
  /** The sender's position, ms since stream start, where the dialect tells. */
  readonly timestampMs?: number;
}

/** What the stream is, in the dialect's own words; comes again when a check corrects it or the stream restarts. */
export interface FormatEvent {
  readonly type: 'format';
  readonly dialect: string;
  /** `pcm16`, `mulaw`, `alaw` or `float32`. */
  readonly encoding: string;
  /** Null where a sample is one byte. */
  readonly bigEndian: boolean | null;
  readonly sampleRate: number;
  readonly callId: string | null;
  readonly streamId: string | null;
  /** Whether audio can be sent back: as the opening says, null where the wire does not tell. */
  readonly bidirectional: boolean | null;
  /** Number or address of the caller, where the opening tells. */
  readonly from: string | null;
  /** What the platform was told to pass on, such as Twilio's `customParameters`; only short printable strings. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** A mark that was sent to the platform: what came before it has been heard, or was dropped, where it tells which. */
export interface MarkEvent {
  readonly type: 'mark';
  readonly name: string;
  readonly state: 'played' | 'cleared';
}

/** A key that the caller pressed: one of 0-9 * # A-D. */
export interface DtmfEvent {
  readonly type: 'dtmf';
  readonly digit: string;
}

/** Samples that the sender counted but that never came; precedes the audio behind them. */
export interface GapEvent {
  readonly type: 'gap';
  readonly track: TrackName;
  readonly samples: number;
  readonly reason: 'missing_frames';
}

/** What a stream decoder tells, in order. Within a track the order is the order of time. */
export type DialectEvent =
  | FormatEvent
  | GapEvent
  | MarkEvent
  | DtmfEvent
  | { readonly type: 'audio'; readonly frame: AudioFrame }
  | { readonly type: 'stop'; readonly reason: string | null }
  | { readonly type: 'warning'; readonly issue: ProcessingIssue };

/** One WebSocket message, or binary ones that came one behind the other; text messages come as their UTF-8 bytes. */
export interface StreamMessage {
  readonly binary: boolean;
  readonly data: Uint8Array;
  /** How many binary messages brought the bytes; 1 if absent. */
  readonly messages?: number;
}

/** Counters over the life of one socket. */
export interface DecoderStats {
  /** Messages that brought audio, duplicates included. */
  readonly frames: number;
  /** Messages skipped because they could not be read. */
  readonly malformedFrames: number;
  /** Frames dropped because their number had come before. */
  readonly duplicateFrames: number;
  /** Frames that came after a later one. */
  readonly reorderedFrames: number;
  /** Bytes of unfinished samples dropped at the end, at a gap or at a restart. */
  readonly oddBytes: number;
}

/** Decodes the messages of one socket. It keeps no reference to the bytes it was given. */
export interface StreamDecoder {
  /** Takes one message. Throws an EarshotError when the socket must be closed; `end` still gives what was held. */
  push(message: StreamMessage): DialectEvent[];
  /** The socket has ended: gives what was held back, once. */
  end(): DialectEvent[];
  readonly stats: DecoderStats;
  /** Name of the dialect, null until it is known. */
  readonly dialect: string | null;
}

/** A format that an operator states because the wire does not. */
export interface ConfiguredFormat {
  /** Any name that a dialect could use: `audio/x-mulaw`, `PCMA`, `audio/l16`. */
  readonly encoding: string;
  readonly sampleRate: number;
}

/** What a route may decide about its streams. */
export interface DecoderOptions {
  /** Rate of raw PCM and of envelopes that declare none, samples per second; 16,000 if absent. */
  readonly defaultSampleRate?: number;
  /** The format of Wavix streams, which is not on the wire; without it they are refused. */
  readonly wavixFormat?: ConfiguredFormat;
  /** Somebody listens: frames that come in order are never held back, so what is missing is given up at once. */
  readonly live?: boolean;
  /** Order of 16-bit samples: `auto` takes the dialect's own, checked where platforms disagree. */
  readonly byteOrder?: 'auto' | 'little' | 'big';
  /**
   * Samples that need no decoding may be told where they lie, in the message: they are good only for as long as its
   * bytes are, and whoever keeps them copies them.
   */
  readonly inPlace?: boolean;
}

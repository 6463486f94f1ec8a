/** One WebSocket message to the platform. */
export type ReplyMessage =
  | { readonly binary: false; readonly text: string }
  | { readonly binary: true; readonly data: Uint8Array };

/** What an operator states about audio sent back because the wire does not. */
export interface ReplyOptions {
  /** The codec that the platform was told to expect (Telnyx, Wavix); the stream's own if absent. */
  readonly encoding?: string;
  /** Samples per second that it was told to expect (Jambonz, Wavix); the stream's own if absent. */
  readonly sampleRate?: number;
}

/** Writes the messages that go back to the platform of one stream. */
export interface StreamReply {
  /** Samples per second of what `media` takes. */
  readonly sampleRate: number;
  /** Whether the platform tells when a mark is reached. */
  readonly marks: boolean;
  /** Whether the platform can drop what it has not played yet. */
  readonly clears: boolean;
  /** Audio in packets of the platform's size; what does not fill one waits for the next call. */
  media(samples: Int16Array): ReplyMessage[];
  /** Sends what waits, then a mark behind it; nothing where the platform has no marks. */
  mark(name: string): ReplyMessage[];
  /** Drops what waits here and what the platform has not played; nothing to send where it cannot. */
  clear(): ReplyMessage[];
  /** What ends the call; null where closing the socket does. */
  hangup(): ReplyMessage | null;
}

/** A text message of a JSON value. */
export function textReply(value: object): ReplyMessage {
  return { binary: false, text: JSON.stringify(value) };
}

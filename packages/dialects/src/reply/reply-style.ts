import type { FormatEvent } from '../model/events.ts';
import type { Codec } from '../model/format.ts';
import type { ReplyMessage, StreamReply } from './reply.ts';

/** The audio that goes back on one stream. */
export interface ReplyFormat {
  readonly codec: Exclude<Codec, 'float32'>;
  readonly bigEndian: boolean;
  readonly sampleRate: number;
}

/** One stream to write for. */
interface ReplyStream {
  readonly format: ReplyFormat;
  /** The platform's id of the stream, which most of its messages repeat. */
  readonly streamId: FormatEvent['streamId'];
}

/** Writes a platform's messages; audio comes coded, a packet at a time. */
export interface ReplyWriter extends Pick<StreamReply, 'hangup'> {
  media(bytes: Uint8Array, samples: number): ReplyMessage[];
  /** Null where the platform has none. */
  readonly mark: ((name: string) => ReplyMessage) | null;
  readonly clear: (() => ReplyMessage[]) | null;
}

/** How one platform wants its audio. */
export interface ReplyStyle {
  /** Least bytes of a media message; null takes 20 ms of audio. */
  readonly packetBytes: number | null;
  /** Every message must be a whole packet: a rest is filled up with silence. */
  readonly padded: boolean;
  /** Order of 16-bit samples: `stream` is that of the audio that comes. */
  readonly order: 'little' | 'stream';
  open(stream: ReplyStream): ReplyWriter;
}

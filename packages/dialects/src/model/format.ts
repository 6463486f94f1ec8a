import type { TrackName } from '@earshot/protocol';

/** How samples are coded on the wire. */
export type Codec = 'pcm16' | 'mulaw' | 'alaw' | 'float32';

/** The audio of one open stream, after defaults and overrides. */
export interface StreamFormat {
  readonly codec: Codec;
  /** Byte order of 16-bit samples; null where a sample is one byte. */
  readonly bigEndian: boolean | null;
  /** The platform does not say its byte order for sure: look at the first audible samples. */
  readonly verifyByteOrder: boolean;
  /** Samples per second of each track. */
  readonly sampleRate: number;
  /** The track of each interleaved channel, or one null: mono, and each frame names its own track. */
  readonly channels: readonly (TrackName | null)[];
}

const SAMPLE_BYTES: Readonly<Record<Codec, number>> = { pcm16: 2, mulaw: 1, alaw: 1, float32: 4 };

/** Bytes of one sample of all channels; audio is only ever cut at multiples of it. */
export function blockBytes(format: StreamFormat): number {
  return SAMPLE_BYTES[format.codec] * format.channels.length;
}

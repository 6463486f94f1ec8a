import { z } from 'zod';
import { StreamAuth } from './auth/stream-auth.ts';

const format = { encoding: z.string().min(1).max(64), sampleRate: z.int().positive() };

/** What a carrier's configuration says about its media streams. */
export const StreamSettings = z.strictObject({
  auth: StreamAuth,
  /** The platform streams to us and takes nothing back, which its opening does not always tell. */
  listenOnly: z.boolean().default(false),
  /** The codec and rate that the platform was told to take, where it is not what it sends. */
  reply: z
    .strictObject({ encoding: format.encoding.optional(), sampleRate: format.sampleRate.optional() })
    .optional(),
  /** Order of 16-bit samples, where the platform's is known; `auto` may hold back a stream's first moments to find out. */
  byteOrder: z.enum(['auto', 'little', 'big']).default('auto'),
  /** What Wavix sends and takes, since its wire does not tell. */
  wavixFormat: z.strictObject(format).optional(),
});
export type StreamSettings = z.infer<typeof StreamSettings>;

/** A carrier whose platform dials us. */
export const MediaStreamsCarrierConfig = StreamSettings.extend({ kind: z.literal('media-streams') });
export type MediaStreamsCarrierConfig = z.infer<typeof MediaStreamsCarrierConfig>;

import { z } from 'zod';
import { CallEndReason, CallState } from '../calls.ts';

/** A call as WADial clients see it. */
export const WadialCall = z.object({
  callId: z.string(),
  /** The line. */
  sessionId: z.string(),
  /** The peer as WADial writes it: every number as a phone JID, whatever network it is of. */
  peerJid: z.string(),
  /** The peer as the line's carrier knows it (added field): an E.164 number, or another address of that carrier. */
  peer: z.string(),
  direction: z.enum(['outgoing', 'incoming']),
  mediaType: z.literal('audio'),
  state: CallState,
  transport: z.literal('websocket'),
  audioMuted: z.boolean(),
  /** The session of the session API in which the call is transcribed; null when it is not. */
  transcriptionSessionId: z.string().nullable(),
  endReason: CallEndReason.nullable(),
  createdAt: z.iso.datetime(),
  connectedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  updatedAt: z.iso.datetime(),
});
export type WadialCall = z.infer<typeof WadialCall>;

/** A line by the name that WADial has for it. */
export const WadialSession = z.object({
  sessionId: z.string(),
  name: z.string(),
  phoneNumber: z.string().nullable(),
  carrier: z.string(),
  /** A line is there as long as it exists: carriers are asked when a call is placed. */
  state: z.literal('connected'),
  createdAt: z.iso.datetime(),
});
export type WadialSession = z.infer<typeof WadialSession>;

/** An asset that was queued to be played into a call. */
export const WadialPlay = z.object({
  callId: z.string(),
  assetId: z.string(),
  /** Names this play in the events that tell when it starts and ends. */
  playId: z.string(),
});
export type WadialPlay = z.infer<typeof WadialPlay>;

/** Every answer of this face lies in `data`. */
export const wadialAnswer = <T extends z.ZodType>(data: T) => z.object({ data });

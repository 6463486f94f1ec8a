import { z } from 'zod';
import { EndSessionRequest } from '../session/requests.ts';
import { EndAnswer } from './documents.ts';

/** What End was asked and has answered, kept before the manifest so that every repeat answers alike. */
export const EndIntent = z.object({
  request: EndSessionRequest,
  answer: EndAnswer,
  /** The newest connection that may still leave a record; 0 when there was none. */
  epoch: z.int().min(0),
  /** The record of that connection is waited for until then. */
  giveUpAt: z.iso.datetime(),
});
export type EndIntent = z.infer<typeof EndIntent>;

/** `_earshot/pending/{tenant}/{sessionId}.json`: End was asked for, and the session is not finished; the outbox of the queue. */
export const PendingMarker = z.object({
  v: z.literal(1),
  tenant: z.string(),
  sessionId: z.string(),
  since: z.iso.datetime(),
  /** Absent in markers that were written before intents were kept. */
  intent: EndIntent.optional(),
  /** Rounds of failed assembly that the reconciler has counted. */
  failedRounds: z.int().min(0).optional(),
  /** Present when the session is a call's that recordings are to be made of. */
  recording: z.literal(true).optional(),
  /** Rounds of failed attempts at them that the reconciler has counted. */
  failedRenders: z.int().min(0).optional(),
});
export type PendingMarker = z.infer<typeof PendingMarker>;

import { z } from 'zod';
import { EventType } from './calls/events.ts';
import { TrackName } from './records/ledger.ts';
import { ModelId } from './session/requests.ts';

/** Jobs carry ids and object keys; never audio, text or secrets. */
const ref = { tenant: z.string(), sessionId: z.string() };

/** Decode the uploaded files of an ended session into segments, then queue its flow. */
export const DecodeUploadsJob = z.object(ref);
export type DecodeUploadsJob = z.infer<typeof DecodeUploadsJob>;

/** Transcribe one segment. */
export const TranscribeSegmentJob = z.object({
  ...ref,
  track: TrackName,
  index: z.int().min(0),
  key: z.string(),
  speech: z.boolean(),
  model: ModelId,
  language: z.string().nullable(),
});
export type TranscribeSegmentJob = z.infer<typeof TranscribeSegmentJob>;

/** Assemble the transcript from the results of all segments. */
export const AssembleTranscriptJob = z.object(ref);
export type AssembleTranscriptJob = z.infer<typeof AssembleTranscriptJob>;

/**
 * Deliver one event to one endpoint. `eventId` stays the same over all attempts, re-runs and replays. `sessionId` is the
 * session that the event is about; for events of a call alone its line.
 */
export const DeliverWebhookJob = z.object({
  ...ref,
  webhookId: z.string(),
  eventId: z.string(),
  event: EventType,
  occurredAt: z.iso.datetime(),
  /** The line of a call; absent for sessions that are no call's. */
  lineId: z.string().nullable().optional(),
  /** What `EventRecord.data` says; absent: the session alone. */
  data: z.record(z.string(), z.unknown()).optional(),
  /** `dlv_…` of a replay; the first delivery of an event has none. */
  deliveryId: z.string().optional(),
});
export type DeliverWebhookJob = z.infer<typeof DeliverWebhookJob>;

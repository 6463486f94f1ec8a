import { z } from 'zod';
import { type EventRecord, EventType } from '../calls/events.ts';
import { DeliverWebhookJob } from '../jobs.ts';
import type { WebhookStyle } from '../records/webhooks.ts';
import type { WebhookPayload } from './medscribe.ts';

/** An event as `standard` webhooks and event streams give it (WADial API). */
export const StandardEventBody = z.object({
  id: z.string(),
  type: EventType,
  createdAt: z.iso.datetime(),
  /** The line; the session itself when it belongs to no line. */
  sessionId: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export type StandardEventBody = z.infer<typeof StandardEventBody>;

/** An event as `pilot` webhooks give it (Pilot Status API): receivers tell repetitions by `data.id`. */
export const PilotEventBody = z.object({
  schemaVersion: z.literal(3),
  event: EventType,
  createdAt: z.iso.datetime(),
  /** The line, or null for a session that belongs to none. */
  whatsappNumberId: z.string().nullable(),
  data: z.looseObject({ id: z.string() }),
});
export type PilotEventBody = z.infer<typeof PilotEventBody>;

/** How an attempt at a delivery went: `retrying` comes again, `failed` does not, `gone` turned the webhook off. */
export const DeliveryOutcome = z.enum(['delivered', 'retrying', 'failed', 'gone']);
export type DeliveryOutcome = z.infer<typeof DeliveryOutcome>;

/** One attempt at a delivery, as remembered; the job in it can be queued again. */
export const DeliveryRecord = z.object({
  /** `dlv_…` of a replay, else made from the event. */
  deliveryId: z.string(),
  attempt: z.int().positive(),
  outcome: DeliveryOutcome,
  /** What the receiver answered; null when nothing came. */
  status: z.int().nullable(),
  at: z.iso.datetime(),
  durationMs: z.int().min(0),
  job: DeliverWebhookJob,
});
export type DeliveryRecord = z.infer<typeof DeliveryRecord>;

/** The id of a delivery in the log. */
export function deliveryIdOf(job: Pick<DeliverWebhookJob, 'deliveryId' | 'eventId'>): string {
  return job.deliveryId ?? `dlv-${job.eventId}`;
}

/** An event in the shape of event streams. */
export function standardEventBody(event: EventRecord): StandardEventBody {
  const { id, type, lineId, occurredAt, data } = event;
  const session = typeof data['sessionId'] === 'string' ? data['sessionId'] : '';
  return { id, type, createdAt: occurredAt, sessionId: lineId ?? session, data };
}

/** The body of a delivery in the style of its webhook. Thin in each: ids and states, never speech. */
export function deliveryBody(
  job: DeliverWebhookJob,
  style: WebhookStyle,
): WebhookPayload | StandardEventBody | PilotEventBody {
  const { event, occurredAt, sessionId, eventId } = job;
  const lineId = job.lineId ?? null;
  const data = job.data ?? { sessionId };
  if (style === 'medscribe') return { event, timestamp: occurredAt, session_id: sessionId };
  if (style === 'standard') {
    return { id: eventId, type: event, createdAt: occurredAt, sessionId: lineId ?? sessionId, data };
  }
  return {
    schemaVersion: 3,
    event,
    createdAt: occurredAt,
    whatsappNumberId: lineId,
    data: { ...data, id: eventId },
  };
}

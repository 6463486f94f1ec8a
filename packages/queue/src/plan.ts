import {
  type DeliverWebhookJob,
  type EventRecord,
  type SegmentEntry,
  type SessionDocument,
  type SessionRef,
  sessionEvent,
  type TranscribeSegmentJob,
  WEBHOOK_EVENTS,
  type WebhookRecord,
} from '@earshot/protocol';
import type { SessionJobs } from './producer/removal.ts';

/** One transcription job a segment, none for a call that is not to be transcribed. Several hinted languages are several guesses: the engine is left to detect. */
export function planSegments(
  document: SessionDocument,
  segments: readonly SegmentEntry[],
): TranscribeSegmentJob[] {
  const { tenant, sessionId, request, call } = document;
  if (call?.transcribe === false) return [];
  const named = request.language_hint.filter((language) => !language.startsWith('auto'));
  const language = named.length === 1 ? (named[0] ?? null) : null;
  return segments.map(({ track, index, key, speech }) => ({
    tenant,
    sessionId,
    track,
    index,
    key,
    speech,
    model: request.model,
    language,
  }));
}

/**
 * One delivery job for each webhook that asked for the event. An announcement that is repeated after a crash is the
 * same event to every receiver, as its id is.
 */
export function planDeliveries(event: EventRecord, webhooks: readonly WebhookRecord[]): DeliverWebhookJob[] {
  const { tenant, lineId, data } = event;
  const session = typeof data['sessionId'] === 'string' ? data['sessionId'] : (lineId ?? '');
  return webhooks
    .filter((webhook) => asksFor(webhook, event))
    .map(({ webhookId }) => ({
      tenant,
      sessionId: session,
      webhookId,
      eventId: event.id,
      event: event.type,
      occurredAt: event.occurredAt,
      lineId,
      data,
    }));
}

function asksFor(webhook: WebhookRecord, { type, lineId }: EventRecord): boolean {
  const { status, events, lineIds = [] } = webhook;
  const ofLine = lineIds.length === 0 || (lineId !== null && lineIds.includes(lineId));
  return status === 'active' && ofLine && (events.includes(type) || events.includes('*'));
}

/** Every job that a session may have in the queue, by what is known of it; for its removal. */
export function planRemoval(
  ref: SessionRef,
  segments: SessionJobs['segments'],
  webhooks: readonly WebhookRecord[],
): SessionJobs {
  const occurredAt = new Date(0).toISOString();
  const active = webhooks.map((webhook) => ({
    ...webhook,
    status: 'active' as const,
    events: [...WEBHOOK_EVENTS],
    lineIds: [],
  }));
  return {
    segments,
    deliveries: WEBHOOK_EVENTS.flatMap((event) =>
      planDeliveries(sessionEvent({ ref, event, occurredAt }), active),
    ),
  };
}

import {
  type DeliverWebhookJob,
  type SegmentEntry,
  type SessionDocument,
  type SessionRef,
  type TranscribeSegmentJob,
  WEBHOOK_EVENTS,
  type WebhookEvent,
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

/** Something that happened to a session, told once to each webhook that asked for it. */
export interface Announcement {
  readonly ref: SessionRef;
  readonly event: WebhookEvent;
  readonly occurredAt: string;
}

/**
 * One delivery job a webhook. The event id is made from session and event, so that an announcement which is
 * repeated after a crash is the same event to every receiver.
 */
export function planDeliveries(
  { ref, event, occurredAt }: Announcement,
  webhooks: readonly WebhookRecord[],
): DeliverWebhookJob[] {
  return webhooks
    .filter((webhook) => webhook.status === 'active' && webhook.events.includes(event))
    .map((webhook) => ({
      tenant: ref.tenant,
      sessionId: ref.sessionId,
      webhookId: webhook.webhookId,
      eventId: `evt-${ref.sessionId}-${event.replace('.', '-')}`,
      event,
      occurredAt,
    }));
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
  }));
  return {
    segments,
    deliveries: WEBHOOK_EVENTS.flatMap((event) => planDeliveries({ ref, event, occurredAt }, active)),
  };
}

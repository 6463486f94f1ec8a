import { z } from 'zod';
import type { SessionRef } from '../ids.ts';
import { WEBHOOK_EVENTS, type WebhookEvent } from '../records/access.ts';
import type { SessionCall } from '../records/documents.ts';

export const CALL_EVENTS = [
  'call.initiated',
  'call.ringing',
  'call.connected',
  'call.ended',
  'call.missed',
  'call.muted',
  'call.dtmf',
  'call.play.started',
  'call.play.ended',
  'call.warning',
  'call.recording.ready',
  'recording.deleted',
  'recording.expired',
] as const;
/** Everything that earshot announces: of sessions, of calls, of recordings. */
export const EVENT_TYPES = [...WEBHOOK_EVENTS, ...CALL_EVENTS] as const;
export const EventType = z.enum(EVENT_TYPES);
export type EventType = z.infer<typeof EventType>;

/** One thing that happened. `data` is thin: ids, states, numbers; never audio, text or secrets. */
export const EventRecord = z.object({
  /** The same however often it is announced. */
  id: z.string(),
  type: EventType,
  tenant: z.string(),
  /** The line of a call; null for plain sessions. */
  lineId: z.string().nullable(),
  occurredAt: z.iso.datetime(),
  data: z.record(z.string(), z.unknown()),
});
export type EventRecord = z.infer<typeof EventRecord>;

/**
 * The id of an event: the same however often it is announced, and of letters that headers, job ids and Redis keys
 * take. `subject` is the session or call, `nonce` tells several events of one type apart.
 */
export function eventIdOf(subject: string, type: EventType, nonce?: string): string {
  const id = `evt-${subject}-${type.replaceAll('.', '-')}`;
  return nonce === undefined ? id : `${id}-${nonce.replace(/[^A-Za-z0-9_-]/g, hexOf)}`;
}

/** A character that an id cannot hold, as `~` and its code. */
function hexOf(character: string): string {
  return `~${character.charCodeAt(0).toString(16)}`;
}

/** Something that happened to a session. */
export interface SessionNews {
  readonly ref: SessionRef;
  readonly event: WebhookEvent;
  readonly occurredAt: string;
  /** The call whose audio the session holds, if it is one's. */
  readonly call?: Pick<SessionCall, 'callId' | 'lineId'> | undefined;
}

/** The event of a session's news; a session of a call is heard on the call's line. */
export function sessionEvent({ ref, event, occurredAt, call }: SessionNews): EventRecord {
  return {
    id: eventIdOf(ref.sessionId, event),
    type: event,
    tenant: ref.tenant,
    lineId: call?.lineId ?? null,
    occurredAt,
    data: { sessionId: ref.sessionId, ...(call === undefined ? {} : { callId: call.callId }) },
  };
}

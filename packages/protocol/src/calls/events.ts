import { z } from 'zod';
import { WEBHOOK_EVENTS } from '../records/access.ts';

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

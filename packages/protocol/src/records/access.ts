import { z } from 'zod';

/** `_earshot/keys/{sha256 of the key}.json`: an API key as stored; the key itself is never kept. */
export const ApiKeyRecord = z.object({
  v: z.literal(1),
  /** `key_…`: public name of the key, also the client id of login. */
  keyId: z.string(),
  tenant: z.string(),
  name: z.string(),
  mode: z.enum(['live', 'test']),
  /** The one line that the key is for; absent: the whole tenant. */
  lineId: z.string().optional(),
  last4: z.string(),
  createdAt: z.iso.datetime(),
  revokedAt: z.iso.datetime().nullable(),
});
export type ApiKeyRecord = z.infer<typeof ApiKeyRecord>;

/** `_earshot/streams/{sha256 of the stream id}.json`: which session a stream id may feed. */
export const StreamPointer = z.object({ v: z.literal(1), tenant: z.string(), sessionId: z.string() });
export type StreamPointer = z.infer<typeof StreamPointer>;

export const WEBHOOK_EVENTS = [
  'session.started',
  'session.ended',
  'session.completed',
  'session.partial',
  'session.failed',
  'session.expired',
] as const;
export const WebhookEvent = z.enum(WEBHOOK_EVENTS);
export type WebhookEvent = z.infer<typeof WebhookEvent>;

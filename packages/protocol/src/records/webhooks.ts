import { z } from 'zod';
import { EVENT_TYPES } from '../calls/events.ts';

/** What a webhook asks for: kinds of events, or all of them with `*`. */
export const EventFilter = z.enum([...EVENT_TYPES, '*']);
export type EventFilter = z.infer<typeof EventFilter>;

/** Shape of the bodies that a webhook gets; all three are signed alike. */
export const WebhookStyle = z.enum(['medscribe', 'standard', 'pilot']);
export type WebhookStyle = z.infer<typeof WebhookStyle>;

/** `_earshot/webhooks/{tenant}/{webhookId}.json`. */
export const WebhookRecord = z.object({
  v: z.literal(1),
  webhookId: z.string(),
  tenant: z.string(),
  url: z.string(),
  events: z.array(EventFilter),
  /** Signing secret as given, or null when deliveries are not signed. */
  secret: z.string().nullable(),
  /** The secret before the last rotation; deliveries carry its signature too until then. */
  previousSecret: z.object({ secret: z.string(), until: z.iso.datetime() }).optional(),
  status: z.enum(['active', 'disabled']),
  createdAt: z.iso.datetime(),
  /** When it was last changed; absent: never. */
  updatedAt: z.iso.datetime().optional(),
  /** Absent: `medscribe`. */
  style: WebhookStyle.optional(),
  name: z.string().optional(),
  /** The lines whose events it gets; absent or empty: all lines, and sessions that belong to none. */
  lineIds: z.array(z.string()).optional(),
});
export type WebhookRecord = z.infer<typeof WebhookRecord>;

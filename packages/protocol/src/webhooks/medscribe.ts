import { z } from 'zod';
import { EventType } from '../calls/events.ts';
import { LIMITS } from '../limits.ts';
import { WebhookEvent } from '../records/access.ts';
import { EventFilter } from '../records/webhooks.ts';

/** POST /voice/v1/webhooks (MedScribe protocol). An empty event list is refused. */
export const CreateWebhookRequest = z.strictObject({
  url: z.string().max(LIMITS.maxUrlLength),
  events: z.array(WebhookEvent).min(1),
  secret: z.string().min(8).max(256).optional(),
});
export type CreateWebhookRequest = z.infer<typeof CreateWebhookRequest>;

export const WebhookView = z.object({
  webhook_id: z.string(),
  url: z.string(),
  events: z.array(EventFilter),
  status: z.enum(['active', 'disabled']),
  created_at: z.iso.datetime(),
});
export type WebhookView = z.infer<typeof WebhookView>;

export const WebhookListResponse = z.object({ webhooks: z.array(WebhookView) });

/** The thin payload: ids and state, never speech. */
export const WebhookPayload = z.object({
  event: EventType,
  timestamp: z.iso.datetime(),
  session_id: z.string(),
});
export type WebhookPayload = z.infer<typeof WebhookPayload>;

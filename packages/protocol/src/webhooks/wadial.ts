import { z } from 'zod';
import { LIMITS } from '../limits.ts';
import { EventFilter } from '../records/webhooks.ts';

/** `POST /api/v1/webhooks` (WADial API). An empty list of events is refused. */
export const CreateWadialWebhook = z.object({
  url: z.string().max(LIMITS.maxUrlLength),
  events: z.array(EventFilter).min(1).max(100),
  secret: z.string().min(8).max(256).optional(),
});
export type CreateWadialWebhook = z.infer<typeof CreateWadialWebhook>;

export const WadialWebhookView = z.object({
  id: z.string(),
  url: z.string(),
  events: z.array(EventFilter),
  status: z.enum(['active', 'disabled']),
  createdAt: z.iso.datetime(),
});
export type WadialWebhookView = z.infer<typeof WadialWebhookView>;

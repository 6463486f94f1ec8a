import { z } from 'zod';
import { LIMITS } from '../limits.ts';
import { EventFilter } from '../records/webhooks.ts';
import { DeliveryOutcome } from './deliveries.ts';

/** Names that are no events of ours are left out, as the Pilot Status contract has it; an empty list gets nothing. */
const events = z
  .array(z.string().max(100))
  .max(100)
  .transform((names) => [
    ...new Set(
      names.flatMap((name) => (EventFilter.safeParse(name).success ? [EventFilter.parse(name)] : [])),
    ),
  ])
  .pipe(z.array(EventFilter))
  .describe('names of events, or "*" for all; an empty list gets nothing, unknown names are left out');

const url = z.string().max(LIMITS.maxUrlLength);
const name = z.string().min(1).max(100);
const secret = z.string().min(8).max(256);

/** `POST /v1/webhooks` (Pilot Status API). A key of the whole tenant has to name the number. */
export const CreatePilotWebhook = z.object({
  url,
  events,
  name: name.optional(),
  secret: secret.optional(),
  whatsappNumberId: z.string().max(64).optional().describe('the line'),
});
export type CreatePilotWebhook = z.infer<typeof CreatePilotWebhook>;

/** `PATCH /v1/webhooks/{id}`: what is given replaces what was there, the list of events too. */
export const UpdatePilotWebhook = z.object({
  url: url.optional(),
  events: events.optional(),
  name: name.optional(),
  active: z.boolean().optional(),
});
export type UpdatePilotWebhook = z.infer<typeof UpdatePilotWebhook>;

export const PilotWebhookView = z.object({
  id: z.string(),
  tenantId: z.string(),
  name: z.string().nullable(),
  url: z.string(),
  environment: z.literal('LIVE'),
  active: z.boolean(),
  events: z.array(EventFilter),
  whatsappNumberIds: z.array(z.string()),
  lastTriggered: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type PilotWebhookView = z.infer<typeof PilotWebhookView>;

/** One attempt at a delivery as callers see it. */
export const PilotDeliveryView = z.object({
  id: z.string().describe('the delivery; several attempts share it'),
  webhookId: z.string(),
  eventId: z.string(),
  event: z.string(),
  attempt: z.int(),
  outcome: DeliveryOutcome,
  statusCode: z.int().nullable(),
  durationMs: z.int(),
  replay: z.boolean(),
  createdAt: z.iso.datetime(),
});
export type PilotDeliveryView = z.infer<typeof PilotDeliveryView>;

import {
  type DeliveryRecord,
  deliveryIdOf,
  EarshotError,
  EventType,
  PilotDeliveryView,
  type WebhookRecord,
} from '@earshot/protocol';
import type { HttpServer } from '@earshot/runtime';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { WebhookDeps } from './deps.ts';

const config = { access: 'tenant', scope: 'any', errors: 'flat' } as const;
const tags = ['webhooks'];
const MAX_PAGE = 50;

interface LogParts {
  readonly deps: Pick<WebhookDeps, 'deliveries' | 'producer' | 'newId'>;
  /** The webhook that a request may see, or `webhook_not_found`. */
  readonly find: (request: FastifyRequest, webhookId: string) => Promise<WebhookRecord>;
}

/** `/v1/webhooks/{id}/logs` (Pilot Status API) and the replay of what is in it. */
export function registerPilotLogs(server: HttpServer, { deps, find }: LogParts): void {
  const { deliveries, producer, newId } = deps;
  server.get('/v1/webhooks/:id/logs', {
    config,
    schema: {
      tags,
      summary: 'The latest attempts at deliveries, newest first',
      params: z.object({ id: z.string() }),
      querystring: z.object({
        limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(MAX_PAGE),
        event: EventType.optional(),
      }),
      response: { 200: z.object({ logs: z.array(PilotDeliveryView) }) },
    },
    handler: async (request) => {
      const webhook = await find(request, request.params.id);
      const { limit, event } = request.query;
      const attempts = await deliveries.list(webhook, event === undefined ? { limit } : { limit, event });
      return { logs: attempts.map(view) };
    },
  });
  server.post('/v1/webhooks/:id/logs/:deliveryId/replay', {
    config,
    schema: {
      tags,
      summary: 'Deliver an event again: the same event id, a new delivery',
      params: z.object({ id: z.string(), deliveryId: z.string().max(256) }),
      response: { 202: z.object({ success: z.literal(true), id: z.string(), eventId: z.string() }) },
    },
    handler: async (request, reply) => {
      const webhook = await find(request, request.params.id);
      const attempt = await deliveries.find(webhook, request.params.deliveryId);
      if (attempt === null) throw new EarshotError('delivery_not_found');
      if (webhook.status === 'disabled') {
        throw new EarshotError('invalid_request', { message: 'The webhook is not active.' });
      }
      const deliveryId = newId('dlv');
      await producer.deliverWebhook({ ...attempt.job, deliveryId });
      void reply.code(202);
      return { success: true as const, id: deliveryId, eventId: attempt.job.eventId };
    },
  });
}

function view({ job, attempt, outcome, status, at, durationMs }: DeliveryRecord): PilotDeliveryView {
  return {
    id: deliveryIdOf(job),
    webhookId: job.webhookId,
    eventId: job.eventId,
    event: job.event,
    attempt,
    outcome,
    statusCode: status,
    durationMs,
    replay: job.deliveryId !== undefined,
    createdAt: at,
  };
}

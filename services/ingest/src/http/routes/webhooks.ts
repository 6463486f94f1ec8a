import {
  CreateWebhookRequest,
  EarshotError,
  LIMITS,
  WebhookListResponse,
  type WebhookRecord,
  WebhookView,
} from '@earshot/protocol';
import { type HttpServer, principalOf } from '@earshot/runtime';
import { z } from 'zod';
import type { RouteDeps } from '../deps.ts';

/** Register, list and delete webhooks (MedScribe Alliance specification, webhooks). */
export function registerWebhooks(server: HttpServer, deps: RouteDeps): void {
  server.post('/voice/v1/webhooks', {
    config: { access: 'tenant' },
    schema: {
      tags: ['webhooks'],
      summary: 'Register a webhook',
      body: CreateWebhookRequest,
      response: { 201: WebhookView },
    },
    handler: async (request, reply) => {
      const { tenant } = principalOf(request);
      await deps.checkUrl(request.body.url);
      if ((await deps.archive.listWebhooks(tenant)).length >= LIMITS.maxWebhooksPerTenant) {
        throw new EarshotError('invalid_request', {
          message: `A tenant has at most ${LIMITS.maxWebhooksPerTenant} webhooks.`,
        });
      }
      const record: WebhookRecord = {
        v: 1,
        webhookId: deps.newId('whk'),
        tenant,
        url: request.body.url,
        events: [...new Set(request.body.events)],
        secret: request.body.secret ?? null,
        status: 'active',
        createdAt: deps.now().toISOString(),
      };
      await deps.archive.createWebhook(record);
      void reply.code(201);
      return view(record);
    },
  });
  server.get('/voice/v1/webhooks', {
    config: { access: 'tenant' },
    schema: { tags: ['webhooks'], summary: 'List webhooks', response: { 200: WebhookListResponse } },
    handler: async (request) => ({
      webhooks: (await deps.archive.listWebhooks(principalOf(request).tenant)).filter(isOurs).map(view),
    }),
  });
  server.delete('/voice/v1/webhooks/:webhook_id', {
    config: { access: 'tenant' },
    schema: {
      tags: ['webhooks'],
      summary: 'Delete a webhook',
      params: z.object({ webhook_id: z.string() }),
      response: { 204: z.null() },
    },
    handler: async (request, reply) => {
      const { webhook_id: webhookId } = request.params;
      const known = /^whk_[0-9a-z]{26}$/.test(webhookId);
      const { tenant } = principalOf(request);
      const webhook = known ? await deps.archive.readWebhook(tenant, webhookId) : null;
      if (webhook === null || !isOurs(webhook) || !(await deps.archive.removeWebhook(tenant, webhookId))) {
        throw new EarshotError('webhook_not_found');
      }
      void reply.code(204);
      return null;
    },
  });
}

/** Webhooks of the other styles are listed where they were registered. */
function isOurs({ style = 'medscribe' }: WebhookRecord): boolean {
  return style === 'medscribe';
}

/** A webhook as callers see it: the secret is never shown again. */
function view(record: WebhookRecord): WebhookView {
  return {
    webhook_id: record.webhookId,
    url: record.url,
    events: record.events,
    status: record.status,
    created_at: record.createdAt,
  };
}

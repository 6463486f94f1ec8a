import { CreateWadialWebhook, WadialWebhookView, type WebhookRecord } from '@earshot/protocol';
import { type HttpServer, principalOf } from '@earshot/runtime';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { WebhookDeps } from './deps.ts';
import { createWebhookRegistry, type WebhookOwner } from './registry.ts';

const config = { access: 'tenant', scope: 'any' } as const;
const tags = ['webhooks'];

/** `/api/v1/webhooks` (WADial API): a line's key registers for its line, any other for the whole tenant. */
export function registerWadialWebhooks(server: HttpServer, deps: WebhookDeps): void {
  const registry = createWebhookRegistry(deps);
  server.post('/api/v1/webhooks', {
    config,
    schema: {
      tags,
      summary: 'Register a webhook',
      description:
        'Deliveries are `{id, type, createdAt, sessionId, data}`, signed in three ways. The secret is in this answer and nowhere else.',
      body: CreateWadialWebhook,
      response: { 201: z.object({ data: WadialWebhookView.extend({ secret: z.string() }) }) },
    },
    handler: async (request, reply) => {
      const owner = ownerOf(request);
      const record = await registry.create(owner, { ...request.body, lineId: owner.line });
      void reply.code(201);
      return { data: { ...view(record), secret: record.secret } };
    },
  });
  server.get('/api/v1/webhooks', {
    config,
    schema: {
      tags,
      summary: 'List webhooks',
      response: { 200: z.object({ data: z.array(WadialWebhookView) }) },
    },
    handler: async (request) => ({ data: (await registry.list(ownerOf(request))).map(view) }),
  });
  server.delete('/api/v1/webhooks/:webhookId', {
    config,
    schema: {
      tags,
      summary: 'Delete a webhook',
      params: z.object({ webhookId: z.string() }),
      response: { 204: z.null() },
    },
    handler: async (request, reply) => {
      await registry.remove(ownerOf(request), request.params.webhookId);
      void reply.code(204);
      return null;
    },
  });
}

function ownerOf(request: FastifyRequest): WebhookOwner {
  const { tenant, line } = principalOf(request);
  return { tenant, line, style: 'standard' };
}

function view({ webhookId, url, events, status, createdAt }: WebhookRecord): WadialWebhookView {
  return { id: webhookId, url, events, status, createdAt };
}

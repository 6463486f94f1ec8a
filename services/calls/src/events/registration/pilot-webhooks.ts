import {
  CreatePilotWebhook,
  EarshotError,
  PilotWebhookView,
  UpdatePilotWebhook,
  type WebhookRecord,
} from '@earshot/protocol';
import { type HttpServer, principalOf } from '@earshot/runtime';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { WebhookDeps } from './deps.ts';
import { lineOf } from './numbers.ts';
import { registerPilotLogs } from './pilot-logs.ts';
import { createWebhookRegistry, type WebhookOwner, type WebhookRegistry } from './registry.ts';

const config = { access: 'tenant', scope: 'any', errors: 'flat' } as const;
const tags = ['webhooks'];
const params = z.object({ id: z.string() });
const WithSecret = PilotWebhookView.extend({ secret: z.string() });

/** `/v1/webhooks` (Pilot Status API): webhooks of one number each, with their delivery logs. */
export function registerPilotWebhooks(server: HttpServer, deps: WebhookDeps): void {
  const registry = createWebhookRegistry(deps);
  const show = createView(deps);
  registerCreation(server, { deps, registry, show });
  registerChanges(server, { deps, registry, show });
  registerPilotLogs(server, { deps, find: (request, id) => registry.get(ownerOf(request), id) });
}

interface Parts {
  readonly deps: WebhookDeps;
  readonly registry: WebhookRegistry;
  readonly show: (record: WebhookRecord) => Promise<PilotWebhookView>;
}

function registerCreation(server: HttpServer, { deps, registry, show }: Parts): void {
  server.post('/v1/webhooks', {
    config,
    schema: {
      tags,
      summary: 'Register a webhook for a number',
      description:
        'Deliveries are `{schemaVersion: 3, event, createdAt, whatsappNumberId, data}`. The secret is in this answer and nowhere else.',
      body: CreatePilotWebhook,
      response: { 201: WithSecret },
    },
    handler: async (request, reply) => {
      const { whatsappNumberId, ...webhook } = request.body;
      const lineId = await lineOf(request, deps.lines, whatsappNumberId);
      if (lineId === null) throw new EarshotError('number_required');
      const record = await registry.create(ownerOf(request), { ...webhook, lineId });
      void reply.code(201);
      return { ...(await show(record)), secret: record.secret };
    },
  });
  server.get('/v1/webhooks', {
    config,
    schema: {
      tags,
      summary: 'List webhooks, of one number with x-whatsapp-number-id',
      response: { 200: z.object({ webhooks: z.array(PilotWebhookView) }) },
    },
    handler: async (request) => {
      const line = await lineOf(request, deps.lines);
      const records = await registry.list({ ...ownerOf(request), line });
      return { webhooks: await Promise.all(records.map(show)) };
    },
  });
}

function registerChanges(server: HttpServer, { registry, show }: Parts): void {
  server.get('/v1/webhooks/:id', {
    config,
    schema: { tags, summary: 'One webhook', params, response: { 200: PilotWebhookView } },
    handler: async (request) => show(await registry.get(ownerOf(request), request.params.id)),
  });
  server.patch('/v1/webhooks/:id', {
    config,
    schema: {
      tags,
      summary: 'Change a webhook; a list of events replaces the old one',
      params,
      body: UpdatePilotWebhook,
      response: { 200: PilotWebhookView },
    },
    handler: async (request) =>
      show(await registry.change(ownerOf(request), request.params.id, request.body)),
  });
  server.post('/v1/webhooks/:id/rotate-secret', {
    config,
    schema: {
      tags,
      summary: 'Make a new secret; the old one signs too for a day',
      params,
      response: { 200: WithSecret },
    },
    handler: async (request) => {
      const record = await registry.rotate(ownerOf(request), request.params.id);
      return { ...(await show(record)), secret: record.secret };
    },
  });
  server.delete('/v1/webhooks/:id', {
    config,
    schema: {
      tags,
      summary: 'Delete a webhook',
      params,
      response: { 200: z.object({ success: z.literal(true) }) },
    },
    handler: async (request) => {
      await registry.remove(ownerOf(request), request.params.id);
      return { success: true as const };
    },
  });
}

function ownerOf(request: FastifyRequest): WebhookOwner {
  const { tenant, line } = principalOf(request);
  return { tenant, line, style: 'pilot' };
}

/** A webhook as callers see it. While the log is away nobody knows when it was last called. */
function createView({ deliveries }: WebhookDeps): Parts['show'] {
  return async (record) => {
    const [last] = await deliveries.list(record, { limit: 1 }).catch(() => []);
    return {
      id: record.webhookId,
      tenantId: record.tenant,
      name: record.name ?? null,
      url: record.url,
      environment: 'LIVE',
      active: record.status === 'active',
      events: record.events,
      whatsappNumberIds: record.lineIds ?? [],
      lastTriggered: last?.at ?? null,
      createdAt: record.createdAt,
      updatedAt: record.updatedAt ?? record.createdAt,
    };
  };
}

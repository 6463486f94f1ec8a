import { LIMITS } from '@earshot/protocol';
import type { HttpServer } from '@earshot/runtime';
import { z } from 'zod';
import { actorOf, lineOf } from '../../caller.ts';
import { CallPage, KeepChoice, keepChoice, Peer } from '../../requests.ts';
import type { PilotDeps } from '../deps.ts';
import { CALL_TAGS, CallParams, callNameOf, NUMBER_ROUTE, refuseSdp } from '../route.ts';
import { PilotCall, PilotStatus, pilotCall, pilotStatus } from './call-view.ts';

const PlaceBody = z.strictObject({
  to: Peer,
  sdp: z.string().optional().describe('not supported: the server carries the media'),
  sdpType: z.literal('offer').optional(),
  bizOpaqueCallbackData: z.string().max(LIMITS.maxCallbackData).optional(),
  ...KeepChoice,
});

const Placed = z.object({ id: z.string(), externalCallId: z.string().nullable(), status: PilotStatus });
const NoSdp = z.object({ sdpOffer: z.null(), sdpAnswer: z.null() });

/** Place, list and get calls of the number that the key is for. */
export function registerPilotCalls(server: HttpServer, deps: PilotDeps): void {
  registerPlace(server, deps);
  server.get('/v1/calls', {
    config: NUMBER_ROUTE,
    schema: {
      tags: CALL_TAGS,
      summary: 'List calls, newest first',
      querystring: CallPage,
      response: { 200: z.object({ calls: z.array(PilotCall) }) },
    },
    handler: async (request) => {
      const { tenant, line: lineId } = actorOf(request);
      const { limit, before = null } = request.query;
      const calls = await deps.calls.list({ tenant, lineId, limit, before });
      return { calls: calls.map(pilotCall) };
    },
  });
  server.get('/v1/calls/:callId', {
    config: NUMBER_ROUTE,
    schema: {
      tags: CALL_TAGS,
      summary: 'Get a call',
      params: CallParams,
      querystring: z.strictObject({
        includeSdp: z
          .enum(['0', '1', 'true', 'false'])
          .optional()
          .describe('adds fields that are always null here'),
      }),
      response: { 200: PilotCall.extend(NoSdp.partial().shape) },
    },
    handler: async (request) => {
      const call = pilotCall(await deps.calls.get(callNameOf(request)));
      const { includeSdp = '0' } = request.query;
      const asked = includeSdp === '1' || includeSdp === 'true';
      return asked ? { ...call, sdpOffer: null, sdpAnswer: null } : call;
    },
  });
}

function registerPlace(server: HttpServer, deps: PilotDeps): void {
  server.post('/v1/calls', {
    config: { ...NUMBER_ROUTE, limit: 'create' },
    schema: {
      tags: CALL_TAGS,
      summary: 'Place a call',
      description: 'Answers as soon as the carrier took it; poll the call, or wait for its events.',
      body: PlaceBody,
      response: { 201: Placed },
    },
    handler: async (request, reply) => {
      const { body } = request;
      refuseSdp(body);
      const actor = actorOf(request);
      const line = await lineOf(deps.archive, actor, actor.line ?? '');
      const callbackData = body.bizOpaqueCallbackData ?? null;
      const call = await deps.calls.place(line, { to: body.to, callbackData, ...keepChoice(body) }, actor);
      void reply.code(201);
      return { id: call.callId, externalCallId: call.externalCallId, status: pilotStatus(call) };
    },
  });
}

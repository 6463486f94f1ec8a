import { WadialCall, wadialAnswer } from '@earshot/protocol';
import type { HttpServer } from '@earshot/runtime';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { CallName, CallView } from '../../ports.ts';
import { actorOf } from '../caller.ts';
import { CallPage, KeepChoice, keepChoice, Peer } from '../requests.ts';
import { peerOf, wadialCall } from './call-view.ts';
import type { WadialDeps } from './deps.ts';
import {
  ANY_KEY_ROUTE,
  CallAnswer,
  CallParams,
  callNameOf,
  lineOfRequest,
  SESSION_TAGS,
  SessionParams,
} from './route.ts';

const CALLS = '/api/v1/sessions/:sessionId/calls';
const NoBody = z.strictObject({}).nullish();

/** Start, list, get, accept, reject, end and mute calls of a line. */
export function registerWadialCalls(server: HttpServer, deps: WadialDeps): void {
  registerStart(server, deps);
  registerReading(server, deps);
  registerActions(server, deps);
  server.post(`${CALLS}/:callId/mute`, {
    config: ANY_KEY_ROUTE,
    schema: {
      tags: SESSION_TAGS,
      summary: 'Mute or unmute what the peer hears',
      description: 'The peer hears silence while everything runs on.',
      params: CallParams,
      body: z.strictObject({ muted: z.boolean() }),
      response: { 200: CallAnswer },
    },
    handler: async (request) => {
      const name = await callNameOf(request, deps);
      return { data: wadialCall(await deps.calls.mute(name, request.body.muted)) };
    },
  });
}

function registerStart(server: HttpServer, deps: WadialDeps): void {
  server.post(CALLS, {
    config: { ...ANY_KEY_ROUTE, limit: 'create' },
    schema: {
      tags: SESSION_TAGS,
      summary: 'Start a call',
      params: SessionParams,
      body: z.strictObject({
        to: Peer.describe('a phone JID, a number, or an address of the carrier'),
        ...KeepChoice,
      }),
      response: { 201: CallAnswer },
    },
    handler: async (request, reply) => {
      const line = await lineOfRequest(request, deps);
      const { to, ...choice } = request.body;
      const place = { to: peerOf(to), callbackData: null, ...keepChoice(choice) };
      const call = await deps.calls.place(line, place, actorOf(request));
      void reply.code(201);
      return { data: wadialCall(call) };
    },
  });
}

function registerReading(server: HttpServer, deps: WadialDeps): void {
  server.get(CALLS, {
    config: ANY_KEY_ROUTE,
    schema: {
      tags: SESSION_TAGS,
      summary: 'List calls, newest first',
      params: SessionParams,
      querystring: CallPage,
      response: { 200: wadialAnswer(z.array(WadialCall)) },
    },
    handler: async (request) => {
      const { tenant, lineId } = await lineOfRequest(request, deps);
      const { limit, before = null } = request.query;
      return { data: (await deps.calls.list({ tenant, lineId, limit, before })).map(wadialCall) };
    },
  });
  server.get(`${CALLS}/:callId`, {
    config: ANY_KEY_ROUTE,
    schema: {
      tags: SESSION_TAGS,
      summary: 'Get a call',
      params: CallParams,
      response: { 200: CallAnswer },
    },
    handler: async (request) => ({
      data: wadialCall(await deps.calls.get(await callNameOf(request, deps))),
    }),
  });
}

function registerActions(server: HttpServer, deps: WadialDeps): void {
  const actions: readonly [string, string, (name: CallName) => Promise<CallView>][] = [
    ['accept', 'Accept a ringing call', (name) => deps.calls.accept(name)],
    ['reject', 'Reject a ringing call', (name) => deps.calls.reject(name)],
    ['end', 'End a call', (name) => deps.calls.end(name)],
  ];
  for (const [action, summary, act] of actions) {
    server.post(`${CALLS}/:callId/${action}`, {
      config: ANY_KEY_ROUTE,
      schema: {
        tags: SESSION_TAGS,
        summary,
        params: CallParams,
        body: NoBody,
        response: { 200: CallAnswer },
      },
      handler: async (request: FastifyRequest) => ({
        data: wadialCall(await act(await callNameOf(request, deps))),
      }),
    });
  }
}

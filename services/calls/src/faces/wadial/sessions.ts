import { type LineRecord, WadialSession, wadialAnswer } from '@earshot/protocol';
import type { HttpServer } from '@earshot/runtime';
import { z } from 'zod';
import { actorOf, linesOf } from '../caller.ts';
import type { WadialDeps } from './deps.ts';
import { ANY_KEY_ROUTE, lineOfRequest, SESSION_TAGS, SessionParams } from './route.ts';

function view({ lineId, name, number, carrier, createdAt }: LineRecord): WadialSession {
  return { sessionId: lineId, name, phoneNumber: number, carrier, state: 'connected', createdAt };
}

/** Lines by the name that WADial has for them. */
export function registerWadialSessions(server: HttpServer, deps: WadialDeps): void {
  server.get('/api/v1/sessions', {
    config: ANY_KEY_ROUTE,
    schema: {
      tags: SESSION_TAGS,
      summary: 'List sessions, which are lines here',
      response: { 200: wadialAnswer(z.array(WadialSession)) },
    },
    handler: async (request) => ({ data: (await linesOf(deps.archive, actorOf(request))).map(view) }),
  });
  server.get('/api/v1/sessions/:sessionId', {
    config: ANY_KEY_ROUTE,
    schema: {
      tags: SESSION_TAGS,
      summary: 'Get a session',
      params: SessionParams,
      response: { 200: wadialAnswer(WadialSession) },
    },
    handler: async (request) => ({ data: view(await lineOfRequest(request, deps)) }),
  });
}

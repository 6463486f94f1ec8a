import {
  CreateSessionRequest,
  CreateSessionResponse,
  EarshotError,
  EndSessionRequest,
  EndSessionResponse,
  EraseSessionResponse,
  LIMITS,
  type ModelId,
  PatchSessionRequest,
  PatchSessionResponse,
  SessionListResponse,
} from '@earshot/protocol';
import { type HttpServer, principalOf, publicOrigin } from '@earshot/runtime';
import { z } from 'zod';
import { type RouteDeps, uploadUrl } from '../deps.ts';
import { SessionParams, sessionRef } from '../session-params.ts';

const IdempotencyHeaders = z.object({
  'idempotency-key': z.string().min(1).max(LIMITS.maxIdempotencyKeyLength).optional(),
});

/** Create, list, change, end and erase sessions. */
export function registerSessions(server: HttpServer, deps: RouteDeps): void {
  registerCreate(server, deps);
  registerList(server, deps);
  registerChange(server, deps);
  server.post('/voice/v1/sessions/:session_id/end', {
    config: { access: 'tenant' },
    schema: {
      tags: ['sessions'],
      summary: 'End a session and start processing; safe to repeat',
      description:
        'A repeat gives the stored answer of the first time, whatever has become of the session since; Get Session says how it stands now.',
      params: SessionParams,
      headers: IdempotencyHeaders,
      body: EndSessionRequest.nullish(),
      response: { 202: EndSessionResponse },
    },
    handler: async (request, reply) => {
      void reply.code(202);
      return deps.sessions.end(sessionRef(request), request.body ?? {});
    },
  });
}

function registerCreate(server: HttpServer, deps: RouteDeps): void {
  server.post('/voice/v1/sessions', {
    config: { access: 'tenant', limit: 'create' },
    schema: {
      tags: ['sessions'],
      summary: 'Create a session',
      headers: IdempotencyHeaders,
      body: CreateSessionRequest,
      response: { 201: CreateSessionResponse },
    },
    handler: async (request, reply) => {
      const { tenant, subject, test } = principalOf(request);
      refuseLanguages(deps, request.body.model, request.body.language_hint);
      const document = await deps.sessions.create(
        { tenant, subject, test },
        { request: request.body, idempotencyKey: request.headers['idempotency-key'] },
      );
      deps.metrics.add('earshot_sessions_created_total', { upload_type: request.body.upload_type });
      const origin = publicOrigin(request, deps.publicOrigin);
      void reply.code(201).header('location', `${origin}/voice/v1/sessions/${document.sessionId}`);
      return {
        session_id: document.sessionId,
        status: 'created' as const,
        created_at: document.createdAt,
        expires_at: document.expiresAt,
        upload_url: uploadUrl(document, origin),
        patient_details: document.request.patient_details,
      };
    },
  });
}

/**
 * Discovery names the languages of each model. A hint may name others beside them, as published examples do; one
 * that names none of them is refused.
 */
function refuseLanguages(deps: RouteDeps, model: ModelId, hint: readonly string[]): void {
  const supported = deps.discovery.languages[model];
  const named = hint.filter((language) => !language.startsWith('auto'));
  if (named.length === 0 || named.some((language) => supported.includes(language.slice(0, 2)))) return;
  throw new EarshotError('language_unsupported', {
    details: { requested: named, supported: [...supported] },
  });
}

function registerList(server: HttpServer, deps: RouteDeps): void {
  server.get('/voice/v1/sessions', {
    config: { access: 'tenant' },
    schema: {
      tags: ['sessions'],
      summary: 'List sessions, newest first',
      querystring: z.strictObject({
        cursor: z.base64url().max(200).optional(),
        limit: z.coerce.number().int().min(1).max(LIMITS.maxPageSize).default(LIMITS.defaultPageSize),
      }),
      response: { 200: SessionListResponse },
    },
    handler: async (request) => {
      const { cursor, limit } = request.query;
      const { rows, nextCursor } = await deps.sessions.list(principalOf(request).tenant, {
        cursor: cursor === undefined ? null : decodeCursor(cursor),
        limit,
      });
      return {
        sessions: rows.map(({ document, status, completedAt }) => ({
          session_id: document.sessionId,
          status,
          upload_type: document.request.upload_type,
          created_at: document.createdAt,
          expires_at: document.expiresAt,
          completed_at: completedAt,
        })),
        next_cursor: nextCursor === null ? null : Buffer.from(nextCursor).toString('base64url'),
      };
    },
  });
}

/** A cursor is a place in the tenant's own list: creation time and session id. */
function decodeCursor(cursor: string): string {
  const member = Buffer.from(cursor, 'base64url').toString('latin1');
  if (/^\d{15}:[A-Za-z0-9_-]{16,64}$/.test(member)) return member;
  throw new EarshotError('invalid_request', { message: 'The cursor is not valid.' });
}

function registerChange(server: HttpServer, deps: RouteDeps): void {
  server.patch('/voice/v1/sessions/:session_id', {
    config: { access: 'tenant', validationStatus: 422 },
    schema: {
      tags: ['sessions'],
      summary: 'Change what a session was told',
      params: SessionParams,
      body: PatchSessionRequest,
      response: { 200: PatchSessionResponse },
    },
    handler: async (request) => {
      const ref = sessionRef(request);
      const { document: before } = await deps.sessions.load(ref);
      const { model = before.request.model, language_hint: hint } = request.body;
      if (hint !== undefined) refuseLanguages(deps, model, hint);
      const document = await deps.sessions.patch(ref, request.body);
      return { session_id: document.sessionId, status: 'success' as const, message: 'Session updated.' };
    },
  });
  server.delete('/voice/v1/sessions/:session_id', {
    config: { access: 'tenant' },
    schema: {
      tags: ['sessions'],
      summary: 'Erase a session with everything that belongs to it; a repeat gives the same receipt',
      params: SessionParams,
      response: { 200: EraseSessionResponse },
    },
    handler: (request) => deps.sessions.erase(sessionRef(request)),
  });
}

import { EarshotError, LIMITS, parseMediaType, StreamBodyResponse } from '@earshot/protocol';
import type { HttpServer } from '@earshot/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { PARTIAL_UPLOAD } from '../../stream/resumable/upload-headers.ts';
import type { Target } from '../../stream/target.ts';
import type { RouteDeps } from '../deps.ts';
import { SessionParams, sessionRef } from '../session-params.ts';

type StreamDeps = Pick<RouteDeps, 'streams'>;

/** A live body may pause for breath. */
export const LIVE_DEADLINE = { idleMs: LIMITS.streamIdleMs };
const PROBLEM = 'application/problem+json';
/** Registered problem types are URIs under this one (draft-ietf-httpbis-resumable-upload, section 7). */
const MISMATCH = 'https://iana.org/assignments/http-problem-types#mismatching-upload-offset';

/** The 409 of an append in the wrong place: RFC 9457, with our envelope in it. */
export const OffsetProblem = z.object({
  type: z.literal(MISMATCH),
  title: z.string(),
  status: z.literal(409),
  'expected-offset': z.int(),
  'provided-offset': z.int(),
  error: z.object({ code: z.literal('offset_mismatch'), message: z.string() }),
});
type OffsetProblem = z.infer<typeof OffsetProblem>;

const UploadHeaders = z.looseObject({
  'upload-offset': z.string().optional().describe('Bytes of PCM16 before this body, from HEAD or a 409.'),
  'upload-complete': z.string().optional().describe('`?1` when the audio ends with this body.'),
  'upload-length': z.string().optional().describe('Bytes of the whole stream, where they are known.'),
  'content-digest': z
    .string()
    .optional()
    .describe('RFC 9530, sha-256 or sha-512: nothing is taken of a body that does not match.'),
});

const UploadAnswers = { 204: z.null(), 409: OffsetProblem };

interface Place {
  readonly url: string;
  readonly params: z.ZodObject;
  readonly access: 'tenant' | 'capability';
  readonly target: (request: FastifyRequest) => Target;
}

const StreamParams = z.object({ stream_id: z.string() });
const CAPABILITY: Place = {
  url: '/voice/v1/stream/sessions/:stream_id/audio',
  params: StreamParams,
  access: 'capability',
  target: (request) => ({ streamId: StreamParams.parse(request.params).stream_id }),
};
const SESSION: Place = {
  url: '/voice/v1/sessions/:session_id/audio',
  params: SessionParams,
  access: 'tenant',
  target: (request) => ({ ref: sessionRef(request) }),
};

/** Bodies that feed a stream: live ones at its own URL, and ones that go on where another ended. */
export function registerStreamAudio(server: HttpServer, deps: StreamDeps): void {
  for (const method of ['POST', 'PUT'] as const) registerLiveBody(server, deps, method);
  for (const place of [CAPABILITY, SESSION]) registerAppend(server, deps, place);
  // At the session's own URL HEAD asks about the recording; an append there learns its offset from a 409.
  registerState(server, deps);
  registerOptions(server);
}

/** For callers that hold the capability and no key. */
function registerLiveBody(server: HttpServer, deps: StreamDeps, method: 'POST' | 'PUT'): void {
  server.route({
    method,
    url: CAPABILITY.url,
    config: {
      access: CAPABILITY.access,
      limit: 'stream',
      bodyDeadline: LIVE_DEADLINE,
      rawBody: ['audio/l16', 'audio/basic', PARTIAL_UPLOAD],
    },
    schema: {
      tags: ['audio'],
      summary: 'Feed a stream session with raw audio while it is spoken, or append to it',
      description: 'With `Upload-Offset` the body is appended as by PATCH and answered alike.',
      params: StreamParams,
      headers: UploadHeaders,
      response: { 200: StreamBodyResponse, ...UploadAnswers },
    },
    handler: (request, reply) => takeStreamBody(deps, { request, reply }, CAPABILITY.target(request)),
  });
}

function registerAppend(server: HttpServer, deps: StreamDeps, place: Place): void {
  server.route({
    method: 'PATCH',
    url: place.url,
    config: {
      access: place.access,
      limit: 'stream',
      bodyDeadline: LIVE_DEADLINE,
      rawBody: [PARTIAL_UPLOAD, 'audio/l16'],
    },
    schema: {
      tags: ['audio'],
      summary: 'Append 16-bit little-endian PCM where the stream stands',
      description:
        'Answers 204 with the new `Upload-Offset` when the body is on disk. A wrong `Upload-Offset` is answered 409, with the right one in the header of that name and in the problem document. What came of a body that was cut off is kept: ask with HEAD. `Upload-Complete: ?1` says that the audio ends with this body.',
      params: place.params,
      headers: UploadHeaders,
      response: UploadAnswers,
    },
    handler: (request, reply) => appendBody(deps, { request, reply }, place.target(request)),
  });
}

function registerState(server: HttpServer, deps: StreamDeps): void {
  server.route({
    method: 'HEAD',
    url: CAPABILITY.url,
    config: { access: CAPABILITY.access, limit: 'stream' },
    schema: {
      tags: ['audio'],
      summary: 'Where does the stream stand?',
      description:
        '`Upload-Offset` counts the bytes of 16-bit PCM that are on disk; `Upload-Complete: ?1` says that the session has ended.',
      params: CAPABILITY.params,
      response: { 204: z.null() },
    },
    handler: async (request, reply) => {
      refuseUploadHeaders(request);
      const { offset, complete, maxBytes } = await deps.streams.uploadState(CAPABILITY.target(request));
      void reply.code(204).headers({
        'upload-offset': String(offset),
        'upload-complete': complete ? '?1' : '?0',
        'upload-limit': `max-size=${maxBytes}`,
        'cache-control': 'no-store',
      });
      return null;
    },
  });
}

/** What may be appended here; browsers' preflights are answered before this. */
function registerOptions(server: HttpServer): void {
  server.route({
    method: 'OPTIONS',
    url: CAPABILITY.url,
    config: { access: 'public' },
    schema: {
      tags: ['audio'],
      summary: 'What may be appended here?',
      params: CAPABILITY.params,
      response: { 204: z.null() },
    },
    handler: (_request, reply) =>
      void reply
        .code(204)
        .headers({ 'accept-patch': PARTIAL_UPLOAD, 'upload-limit': `max-size=${LIMITS.maxStreamBytes}` })
        .send(null),
  });
}

/** A question about the offset does not bring one along (draft-ietf-httpbis-resumable-upload, section 4.3). */
function refuseUploadHeaders({ headers }: FastifyRequest): void {
  if (headers['upload-offset'] === undefined && headers['upload-complete'] === undefined) return;
  throw new EarshotError('invalid_request', {
    message: 'HEAD takes no Upload-Offset and no Upload-Complete.',
  });
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** A live body, or one that goes on where another ended. */
export async function takeStreamBody(
  deps: StreamDeps,
  exchange: Exchange,
  target: Target,
): Promise<StreamBodyResponse | OffsetProblem | null> {
  const { headers, raw } = exchange.request;
  if (headers['upload-offset'] !== undefined) return await appendBody(deps, exchange, target);
  const contentType = parseMediaType(headers['content-type'] ?? '');
  if (contentType === undefined) {
    throw new EarshotError('unsupported_media_type', {
      message: 'A live body needs a content type such as "audio/l16;rate=16000".',
    });
  }
  return await deps.streams.feedBody({
    target,
    contentType,
    body: raw,
    contentDigest: headers['content-digest'],
  });
}

async function appendBody(
  deps: StreamDeps,
  { request, reply }: Exchange,
  target: Target,
): Promise<OffsetProblem | null> {
  const { headers, raw } = request;
  const { offset, complete, error } = await deps.streams.append({ target, headers, body: raw });
  void reply.headers({ 'upload-offset': String(offset), 'upload-complete': complete ? '?1' : '?0' });
  if (error?.code === 'offset_mismatch') {
    void reply.code(409).type(PROBLEM);
    return problemOf(error);
  }
  if (error !== undefined) throw error;
  void reply.code(204);
  return null;
}

function problemOf({ message, details }: EarshotError): OffsetProblem {
  return {
    type: MISMATCH,
    title: message,
    status: 409,
    'expected-offset': Number(details?.['expected_offset']),
    'provided-offset': Number(details?.['provided_offset']),
    error: { code: 'offset_mismatch', message },
  };
}

import {
  EarshotError,
  LIMITS,
  parseMediaType,
  type SessionRef,
  StreamBodyResponse,
  UploadResponse,
} from '@earshot/protocol';
import type { HttpServer } from '@earshot/runtime';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { receiveUpload } from '../../uploads/receive.ts';
import type { RouteDeps } from '../deps.ts';
import { SessionParams, sessionRef } from '../session-params.ts';

const RAW_BODY = ['audio/*', 'application/octet-stream', 'multipart/form-data'];
/** An upload may take as long as it likes while it moves; a live body may also pause for breath. */
const FILE_DEADLINE = { idleMs: 30_000 };
const LIVE_DEADLINE = { idleMs: LIMITS.streamIdleMs };

/**
 * Audio over HTTP: files of a chunked or single session, and live bodies of raw PCM for a stream session.
 * Bodies are read by the handlers as they arrive.
 */
export function registerAudioUpload(server: HttpServer, deps: RouteDeps): void {
  const config = { access: 'tenant' as const, rawBody: RAW_BODY };
  for (const method of ['POST', 'PUT'] as const) {
    server.route({
      method,
      url: '/voice/v1/sessions/:session_id/audio/:file_name',
      config: { ...config, bodyDeadline: FILE_DEADLINE },
      schema: {
        tags: ['audio'],
        summary: 'Upload one audio file, named <name>_<number>.<extension>',
        params: SessionParams.extend({ file_name: z.string() }),
        response: { 200: z.union([UploadResponse, StreamBodyResponse]) },
      },
      handler: (request) => takeAudio(deps, request, request.params.file_name),
    });
    for (const url of ['/voice/v1/sessions/:session_id/audio', '/voice/v1/sessions/:session_id/audio/']) {
      server.route({
        method,
        url,
        config: { ...config, bodyDeadline: LIVE_DEADLINE },
        schema: {
          tags: ['audio'],
          summary: 'Upload a file named in a header or form, or feed a stream session with raw PCM',
          params: SessionParams,
          response: { 200: z.union([UploadResponse, StreamBodyResponse]) },
          ...(url.endsWith('/') ? { hide: true } : {}),
        },
        handler: (request) => takeAudio(deps, request, undefined),
      });
    }
    registerStreamBody(server, deps, method);
  }
}

/** The stream's own URL, for callers that hold the capability and no key. */
function registerStreamBody(server: HttpServer, deps: RouteDeps, method: 'POST' | 'PUT'): void {
  server.route({
    method,
    url: '/voice/v1/stream/sessions/:stream_id/audio',
    config: {
      access: 'capability',
      bodyDeadline: LIVE_DEADLINE,
      rawBody: ['audio/l16', 'audio/basic'],
    },
    schema: {
      tags: ['audio'],
      summary: 'Feed a stream session with a body of raw audio while it is spoken',
      params: z.object({ stream_id: z.string() }),
      response: { 200: StreamBodyResponse },
    },
    handler: (request) => feed(deps, request, { streamId: request.params.stream_id }),
  });
}

async function takeAudio(
  deps: RouteDeps,
  request: FastifyRequest,
  fileName: string | undefined,
): Promise<UploadResponse | StreamBodyResponse> {
  const ref = sessionRef(request);
  const { document } = await deps.sessions.load(ref);
  if (document.request.upload_type === 'stream' && isRawAudio(request)) return feed(deps, request, { ref });
  return upload(deps, request, { ref, fileName });
}

function isRawAudio(request: FastifyRequest): boolean {
  const type = parseMediaType(request.headers['content-type'] ?? '');
  return type !== undefined && /^audio\/(l16|x-l16|pcm|basic|pcmu|pcma|x-mulaw|x-alaw)$/.test(type.essence);
}

async function feed(
  deps: RouteDeps,
  request: FastifyRequest,
  target: { ref: SessionRef } | { streamId: string },
): Promise<StreamBodyResponse> {
  const contentType = parseMediaType(request.headers['content-type'] ?? '');
  if (contentType === undefined) {
    throw new EarshotError('unsupported_media_type', {
      message: 'A live body needs a content type such as "audio/l16;rate=16000".',
    });
  }
  return deps.feedBody({ target, contentType, body: request.raw });
}

async function upload(
  deps: RouteDeps,
  request: FastifyRequest,
  { ref, fileName }: { ref: SessionRef; fileName: string | undefined },
): Promise<UploadResponse> {
  const { headers } = request;
  const chunkIndex = headers['x-chunk-index'];
  const { receipt, outcome } = await receiveUpload(deps.uploads, ref, {
    fileName,
    contentType: headers['content-type'],
    dispositionName: dispositionName(headers['content-disposition']),
    chunkIndex: typeof chunkIndex === 'string' ? chunkIndex : undefined,
    contentLength: headers['content-length'] === undefined ? undefined : Number(headers['content-length']),
    body: request.raw,
  });
  if (outcome !== 'duplicate') {
    deps.metrics.add('earshot_audio_bytes_total', { source: 'upload' }, receipt.bytes);
  }
  return {
    session_id: ref.sessionId,
    success: true,
    original_filename: receipt.originalFilename,
    filename: receipt.name,
    size_bytes: receipt.bytes,
    duplicate: outcome === 'duplicate',
  };
}

/** The file name of a `Content-Disposition: attachment; filename=…` header. */
function dispositionName(header: string | undefined): string | undefined {
  return /filename="?([^";]{1,200})"?/i.exec(header ?? '')?.[1];
}

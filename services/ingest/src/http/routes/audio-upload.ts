import { parseMediaType, type SessionRef, StreamBodyResponse, UploadResponse } from '@earshot/protocol';
import type { HttpServer } from '@earshot/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { receiveUpload } from '../../uploads/receive.ts';
import type { RouteDeps } from '../deps.ts';
import { SessionParams, sessionRef } from '../session-params.ts';
import { LIVE_DEADLINE, OffsetProblem, takeStreamBody } from './stream-audio.ts';

const RAW_BODY = ['audio/*', 'application/octet-stream', 'multipart/form-data'];
/** An upload may take as long as it likes while it moves. */
const FILE_DEADLINE = { idleMs: 30_000 };

const Answers = {
  200: z.union([UploadResponse, StreamBodyResponse]),
  204: z.null(),
  409: OffsetProblem,
};

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
        response: Answers,
      },
      handler: (request, reply) => takeAudio(deps, { request, reply }, request.params.file_name),
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
          response: Answers,
          ...(url.endsWith('/') ? { hide: true } : {}),
        },
        handler: (request, reply) => takeAudio(deps, { request, reply }, undefined),
      });
    }
  }
}

async function takeAudio(
  deps: RouteDeps,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  fileName: string | undefined,
): Promise<UploadResponse | Awaited<ReturnType<typeof takeStreamBody>>> {
  const ref = sessionRef(request);
  const { document } = await deps.sessions.load(ref);
  const isStream = document.request.upload_type === 'stream';
  if (isStream && (isRawAudio(request) || request.headers['upload-offset'] !== undefined)) {
    return takeStreamBody(deps, { request, reply }, { ref });
  }
  return upload(deps, request, { ref, fileName });
}

function isRawAudio(request: FastifyRequest): boolean {
  const type = parseMediaType(request.headers['content-type'] ?? '');
  return type !== undefined && /^audio\/(l16|x-l16|pcm|basic|pcmu|pcma|x-mulaw|x-alaw)$/.test(type.essence);
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

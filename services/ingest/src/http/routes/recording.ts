import { EarshotError, SESSION_ID, type SessionRef, TrackName, Transcript } from '@earshot/protocol';
import { type HttpServer, publicOrigin, sendRanged } from '@earshot/runtime';
import type { SessionSnapshot } from '@earshot/sessions';
import { renderTranscript } from '@earshot/transcription';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { openRecording } from '../../recording/recording.ts';
import type { RouteDeps } from '../deps.ts';
import { SessionParams, sessionRef } from '../session-params.ts';

/** Life of a link in the JSON answer, seconds. */
const LINK_SECONDS = 3600;

const AudioQuery = z.object({ track: z.union([TrackName, z.literal('mixed')]).optional() });
const LinkQuery = AudioQuery.extend({
  tenant: z.string().optional(),
  expires: z.string().optional(),
  signature: z.string().optional(),
});

const AudioLink = z.object({
  session_id: z.string(),
  status: z.string(),
  audio_url: z.string(),
  expires_in: z.int(),
  expires_at: z.int(),
});

/** The combined recording and the transcript as files. */
export function registerRecording(server: HttpServer, deps: RouteDeps): void {
  server.get('/voice/v1/sessions/:session_id/audio', {
    config: { access: 'tenant', rawAnswer: { 200: ['audio/wav', 'application/json'], 206: ['audio/wav'] } },
    schema: {
      tags: ['results'],
      summary: 'One WAV of the whole session, any range; a link to it when JSON is asked for',
      params: SessionParams,
      querystring: AudioQuery,
    },
    handler: (request, reply) => {
      const ref = sessionRef(request);
      if (wantsJson(request)) return audioLink(deps, request, ref);
      return sendRecording(deps, { request, reply, query: request.query, ref });
    },
  });
  server.get('/voice/v1/media/:session_id/audio', {
    config: { access: 'capability', rawAnswer: { 200: ['audio/wav'], 206: ['audio/wav'] } },
    schema: {
      tags: ['results'],
      summary: 'The recording behind a signed link',
      params: SessionParams,
      querystring: LinkQuery,
    },
    handler: (request, reply) => {
      const { session_id: sessionId } = request.params;
      if (!SESSION_ID.test(sessionId)) throw new EarshotError('session_not_found');
      const tenant = deps.links.verify(mediaPath(sessionId), request.query);
      return sendRecording(deps, { request, reply, query: request.query, ref: { tenant, sessionId } });
    },
  });
  registerTranscript(server, deps);
}

const mediaPath = (sessionId: string): string => `/voice/v1/media/${sessionId}/audio`;

function wantsJson(request: FastifyRequest): boolean {
  return /\bapplication\/json\b/i.test(request.headers.accept ?? '');
}

/** A session whose sound is there: `audio_not_available` when there never was any, `audio_removed` when its time is over. */
async function soundOf(deps: RouteDeps, ref: SessionRef): Promise<SessionSnapshot> {
  const snapshot = await deps.sessions.snapshot(ref);
  if (snapshot.segments.length === 0) throw new EarshotError('audio_not_available');
  const removed = await deps.archive.readAudioRemoved(ref);
  if (removed === null) return snapshot;
  throw new EarshotError('audio_removed', {
    details: { session_id: ref.sessionId, removed_at: removed.removedAt },
  });
}

async function audioLink(
  deps: RouteDeps,
  request: FastifyRequest,
  ref: SessionRef,
): Promise<z.infer<typeof AudioLink>> {
  const snapshot = await soundOf(deps, ref);
  const path = deps.links.sign({
    path: mediaPath(ref.sessionId),
    tenant: ref.tenant,
    ttlSeconds: LINK_SECONDS,
  });
  return AudioLink.parse({
    session_id: ref.sessionId,
    status: snapshot.row.status,
    audio_url: publicOrigin(request, deps.publicOrigin) + path,
    expires_in: LINK_SECONDS,
    expires_at: Math.floor(deps.now().getTime() / 1000) + LINK_SECONDS,
  });
}

interface RecordingCall {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly query: z.infer<typeof AudioQuery>;
  readonly ref: SessionRef;
}

async function sendRecording(deps: RouteDeps, call: RecordingCall): Promise<FastifyReply> {
  const { segments } = await soundOf(deps, call.ref);
  const recording = openRecording(deps.store, segments, call.query.track);
  const { bytes, kind } = recording;
  const filename = `${call.ref.sessionId}-${kind}.wav`;
  return sendRanged(call.request, call.reply, {
    bytes,
    contentType: 'audio/wav',
    filename,
    read: (range) => recording.read(range),
  });
}

const TYPES = {
  json: 'application/json; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  srt: 'application/x-subrip; charset=utf-8',
  vtt: 'text/vtt; charset=utf-8',
} as const;

function registerTranscript(server: HttpServer, deps: RouteDeps): void {
  server.get('/voice/v1/sessions/:session_id/transcript', {
    config: {
      access: 'tenant',
      rawAnswer: { 200: ['application/json', 'text/plain', 'application/x-subrip', 'text/vtt'] },
    },
    schema: {
      tags: ['results'],
      summary: 'The transcript as JSON, text, SubRip or WebVTT',
      params: SessionParams,
      querystring: z.object({ format: z.enum(['json', 'txt', 'srt', 'vtt']).default('json') }),
    },
    handler: async (request, reply) => {
      const { format } = request.query;
      const { transcript } = await deps.sessions.snapshot(sessionRef(request));
      if (transcript === null) throw new EarshotError('transcript_not_available');
      void reply.header('content-type', TYPES[format]).header('cache-control', 'private, no-store');
      return reply.send(renderTranscript(Transcript.parse(transcript), format));
    },
  });
}

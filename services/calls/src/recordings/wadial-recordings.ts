import { EarshotError, LIMITS, RecordingView } from '@earshot/protocol';
import type { HttpServer } from '@earshot/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { actorOf, lineOf } from '../faces/caller.ts';
import type { CallView } from '../ports.ts';
import type { RecordingDeps } from './deps.ts';
import { listLineRecordings } from './line-recordings.ts';
import {
  deleteRecordings,
  linkRecording,
  RecordingLink,
  type RecordingRequest,
  sendRecording,
} from './recording-actions.ts';
import { recordingView, recordingViews } from './recording-view.ts';
import { AUDIO_TYPES, DELETE_NOTE, LINK_NOTE, RECORDING_TAGS } from './recording-words.ts';
import { findRecording, shelfOf } from './shelf.ts';

const ROUTE = { access: 'tenant', scope: 'any' } as const;
const RECORDINGS = '/api/v1/sessions/:sessionId/calls/:callId/recordings';
const RECORDING = `${RECORDINGS}/:recordingId`;
const LineParams = z.object({ sessionId: z.string().describe('the line, `lin_…`') });
const CallParams = LineParams.extend({ callId: z.string() });
const Params = CallParams.extend({ recordingId: z.string() });
const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(LIMITS.maxPageSize).default(LIMITS.defaultPageSize),
  cursor: z.string().max(4096).optional(),
});

/** Recordings of a line's calls, under the paths that WADial clients know. */
export function registerWadialRecordings(server: HttpServer, deps: RecordingDeps): void {
  registerLists(server, deps);
  registerAudio(server, deps);
  server.post(`${RECORDING}/link`, {
    config: ROUTE,
    schema: {
      tags: RECORDING_TAGS,
      summary: 'Make a short-lived link to the WAV file',
      description: LINK_NOTE,
      params: Params,
      body: z.strictObject({}).nullish(),
      response: { 200: z.object({ data: RecordingLink }) },
    },
    handler: async (request, reply) => ({
      data: await linkRecording(deps, await asked(deps, request, reply)),
    }),
  });
  server.delete(RECORDING, {
    config: ROUTE,
    schema: {
      tags: RECORDING_TAGS,
      summary: 'Delete the recordings of a call',
      description: DELETE_NOTE,
      params: Params,
      response: { 204: z.null() },
    },
    handler: async (request, reply) => deleteRecordings(deps, await asked(deps, request, reply)),
  });
}

function registerLists(server: HttpServer, deps: RecordingDeps): void {
  server.get('/api/v1/sessions/:sessionId/recordings', {
    config: ROUTE,
    schema: {
      tags: RECORDING_TAGS,
      summary: 'List the recordings of a line, those of the newest calls first',
      description:
        'The files of one call come together, so a page may hold two more than `limit`; it may also hold fewer while `nextCursor` leads on.',
      params: LineParams,
      querystring: PageQuery,
      response: { 200: z.object({ data: z.array(RecordingView), nextCursor: z.string().nullable() }) },
    },
    handler: async (request) => {
      const line = await lineOf(deps.archive, actorOf(request), request.params.sessionId);
      const { limit, cursor } = request.query;
      const { recordings, nextCursor } = await listLineRecordings(deps, line, { limit, cursor });
      return { data: recordings, nextCursor };
    },
  });
  server.get(RECORDINGS, {
    config: ROUTE,
    schema: {
      tags: RECORDING_TAGS,
      summary: 'List the recordings of a call; none until they are made, soon after its end',
      params: CallParams,
      response: { 200: z.object({ data: z.array(RecordingView) }) },
    },
    handler: async (request) => {
      const shelf = await shelfOf(deps, await callOf(deps, request));
      return { data: shelf === null ? [] : recordingViews(shelf.sidecar) };
    },
  });
}

function registerAudio(server: HttpServer, deps: RecordingDeps): void {
  server.get(RECORDING, {
    config: ROUTE,
    schema: {
      tags: RECORDING_TAGS,
      summary: 'Get a recording',
      params: Params,
      response: { 200: z.object({ data: RecordingView }) },
    },
    handler: async (request, reply) => {
      const { owner, recordingId } = await asked(deps, request, reply);
      const { sidecar, file } = await findRecording(deps, owner, recordingId);
      return { data: recordingView(sidecar, file) };
    },
  });
  server.get(`${RECORDING}/audio`, {
    config: { ...ROUTE, rawAnswer: AUDIO_TYPES },
    schema: { tags: RECORDING_TAGS, summary: 'The WAV file, or any range of it', params: Params },
    handler: async (request, reply) => sendRecording(deps, await asked(deps, request, reply)),
  });
}

/** The call of a request, on the line that its path names. Throws `line_not_found` and `call_not_found`. */
async function callOf(deps: RecordingDeps, request: FastifyRequest): Promise<CallView> {
  const { sessionId, callId } = CallParams.parse(request.params);
  const { tenant, lineId } = await lineOf(deps.archive, actorOf(request), sessionId);
  return deps.calls.get({ tenant, lineId, id: callId });
}

/** A recording of the call that the path names, and of no other. */
async function asked(
  deps: RecordingDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<RecordingRequest> {
  const { recordingId } = Params.parse(request.params);
  const { tenant, lineId, callId } = await callOf(deps, request);
  if (!recordingId.startsWith(`rec_${callId.slice('call_'.length)}_`)) {
    throw new EarshotError('recording_not_found');
  }
  return { request, reply, owner: { tenant, lineId }, recordingId };
}

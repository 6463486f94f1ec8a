import { EarshotError, RecordingView } from '@earshot/protocol';
import type { HttpServer } from '@earshot/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { actorOf } from '../faces/caller.ts';
import type { RecordingDeps } from './deps.ts';
import {
  deleteRecordings,
  linkRecording,
  mediaPath,
  RecordingLink,
  type RecordingRequest,
  sendRecording,
} from './recording-actions.ts';
import { recordingView, recordingViews } from './recording-view.ts';
import { AUDIO_TYPES, DELETE_NOTE, LINK_NOTE, RECORDING_TAGS } from './recording-words.ts';
import { findRecording, type RecordingOwner, shelfOf } from './shelf.ts';

const ROUTE = { access: 'tenant', scope: 'line', errors: 'flat' } as const;
const RECORDING = '/v1/recordings/:recordingId';
const Params = z.object({ recordingId: z.string() });
const LinkQuery = z.object({
  tenant: z.string().optional(),
  expires: z.string().optional(),
  signature: z.string().optional(),
});

/** Recordings of the number that the key is for, in the manner of Pilot Status. */
export function registerPilotRecordings(server: HttpServer, deps: RecordingDeps): void {
  server.get('/v1/calls/:callId/recordings', {
    config: ROUTE,
    schema: {
      tags: RECORDING_TAGS,
      summary: 'List the recordings of a call; none until they are made, soon after its end',
      params: z.object({ callId: z.string() }),
      response: { 200: z.object({ recordings: z.array(RecordingView) }) },
    },
    handler: async (request) => {
      const call = await deps.calls.get({ ...ownerOf(request), id: request.params.callId });
      const shelf = await shelfOf(deps, call);
      return { recordings: shelf === null ? [] : recordingViews(shelf.sidecar) };
    },
  });
  server.get(RECORDING, {
    config: ROUTE,
    schema: {
      tags: RECORDING_TAGS,
      summary: 'Get a recording',
      params: Params,
      response: { 200: RecordingView },
    },
    handler: async (request) => {
      const { sidecar, file } = await findRecording(deps, ownerOf(request), request.params.recordingId);
      return recordingView(sidecar, file);
    },
  });
  registerAudio(server, deps);
  registerChanges(server, deps);
}

function registerAudio(server: HttpServer, deps: RecordingDeps): void {
  server.get(`${RECORDING}/audio`, {
    config: { ...ROUTE, rawAnswer: AUDIO_TYPES },
    schema: { tags: RECORDING_TAGS, summary: 'The WAV file, or any range of it', params: Params },
    handler: (request, reply) => sendRecording(deps, asked(request, reply)),
  });
  server.get(mediaPath(':recordingId'), {
    config: { access: 'capability', errors: 'flat', rawAnswer: AUDIO_TYPES },
    schema: {
      tags: RECORDING_TAGS,
      summary: 'The WAV file behind a signed link',
      params: Params,
      querystring: LinkQuery,
    },
    handler: (request, reply) => {
      const { recordingId } = request.params;
      const tenant = deps.links.verify(mediaPath(recordingId), request.query);
      return sendRecording(deps, { request, reply, owner: { tenant, lineId: null }, recordingId });
    },
  });
}

function registerChanges(server: HttpServer, deps: RecordingDeps): void {
  server.post(`${RECORDING}/link`, {
    config: ROUTE,
    schema: {
      tags: RECORDING_TAGS,
      summary: 'Make a short-lived link to the WAV file',
      description: LINK_NOTE,
      params: Params,
      body: z.strictObject({}).nullish(),
      response: { 200: RecordingLink },
    },
    handler: (request, reply) => linkRecording(deps, asked(request, reply)),
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
    handler: (request, reply) => deleteRecordings(deps, asked(request, reply)),
  });
}

/** The number of the key; the guard lets no other key pass. */
function ownerOf(request: FastifyRequest): RecordingOwner {
  const { tenant, line } = actorOf(request);
  if (line === null) throw new EarshotError('tenant_scope_not_allowed');
  return { tenant, lineId: line };
}

function asked(request: FastifyRequest, reply: FastifyReply): RecordingRequest {
  const { recordingId } = Params.parse(request.params);
  return { request, reply, owner: ownerOf(request), recordingId };
}

import { EarshotError, LIMITS, RealtimeMediaRequest, RealtimeMediaResponse } from '@earshot/protocol';
import type { HttpServer } from '@earshot/runtime';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { CallView } from '../../../ports.ts';
import { playableCall } from '../../playable.ts';
import type { PilotDeps } from '../deps.ts';
import { CALL_TAGS, CallParams, callNameOf, NUMBER_ROUTE, refuseSdp } from '../route.ts';
import { PilotStatus, pilotStatus } from './call-view.ts';

const Done = z.object({ success: z.literal(true), id: z.string(), status: PilotStatus });
type Done = z.infer<typeof Done>;

const done = (call: CallView): Done => ({ success: true, id: call.callId, status: pilotStatus(call) });

const AcceptBody = z
  .strictObject({
    sdp: z.string().optional().describe('not supported: the server carries the media'),
    sdpType: z.literal('answer').optional(),
  })
  .nullish();
const NoBody = z.strictObject({}).nullish();

/** What can be done with a call of the number that the key is for. */
export function registerPilotActions(server: HttpServer, deps: PilotDeps): void {
  registerAnswering(server, deps);
  registerEnding(server, deps);
  registerPlay(server, deps);
  server.post('/v1/calls/:callId/realtime-session', {
    config: NUMBER_ROUTE,
    schema: {
      tags: CALL_TAGS,
      summary: 'Get a single-use token for the audio of an active call',
      description: `Connect to \`wsUrl\` within ${LIMITS.mediaTokenSeconds} s. Binary frames are PCM16LE, 16 kHz, mono, both ways; \`listen\` only receives.`,
      params: CallParams,
      body: RealtimeMediaRequest.strict(),
      response: { 200: RealtimeMediaResponse },
    },
    handler: async (request) => {
      const call = await deps.calls.get(callNameOf(request));
      if (call.state !== 'active') throw new EarshotError('call_not_active');
      return deps.mintMediaToken(call.callId, request.body.mode, request.headers);
    },
  });
}

function registerAnswering(server: HttpServer, deps: PilotDeps): void {
  server.post('/v1/calls/:callId/pre-accept', {
    config: NUMBER_ROUTE,
    schema: {
      tags: CALL_TAGS,
      summary: 'Tell that a ringing call will be accepted',
      description: 'Changes nothing here, as there is no media to prepare; refused unless the call rings.',
      params: CallParams,
      body: AcceptBody,
      response: { 200: Done },
    },
    handler: async (request) => {
      refuseSdp(request.body);
      const call = await deps.calls.get(callNameOf(request));
      if (call.state !== 'ringing' || call.direction !== 'inbound') throw new EarshotError('call_not_active');
      return done(call);
    },
  });
  server.post('/v1/calls/:callId/accept', {
    config: NUMBER_ROUTE,
    schema: {
      tags: CALL_TAGS,
      summary: 'Accept a ringing call',
      params: CallParams,
      body: AcceptBody,
      response: { 200: Done },
    },
    handler: async (request) => {
      refuseSdp(request.body);
      return done(await deps.calls.accept(callNameOf(request)));
    },
  });
}

function registerEnding(server: HttpServer, deps: PilotDeps): void {
  const actions = [
    ['reject', 'Reject a ringing call', (request: FastifyRequest) => deps.calls.reject(callNameOf(request))],
    ['terminate', 'End a call', (request: FastifyRequest) => deps.calls.end(callNameOf(request))],
  ] as const;
  for (const [name, summary, act] of actions) {
    server.post(`/v1/calls/:callId/${name}`, {
      config: NUMBER_ROUTE,
      schema: { tags: CALL_TAGS, summary, params: CallParams, body: NoBody, response: { 200: Done } },
      handler: async (request) => done(await act(request)),
    });
  }
}

function registerPlay(server: HttpServer, deps: PilotDeps): void {
  server.post('/v1/calls/:callId/play', {
    config: NUMBER_ROUTE,
    schema: {
      tags: CALL_TAGS,
      summary: 'Play the audio behind a URL to the peer',
      description:
        'The file is fetched and decoded before this answers: public https addresses only, no redirects, up to 32 MB. It plays behind those that were queued before, once the call is active.',
      params: CallParams,
      body: z.strictObject({ mediaUrl: z.string().min(1).max(LIMITS.maxUrlLength) }),
      response: { 200: Done },
    },
    handler: async (request) => {
      const name = callNameOf(request);
      await playableCall(deps.calls, name);
      return done(await deps.calls.play(name, await deps.clips.fromUrl(name.tenant, request.body.mediaUrl)));
    },
  });
}

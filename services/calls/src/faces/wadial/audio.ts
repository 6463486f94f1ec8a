import { WadialPlay, wadialAnswer } from '@earshot/protocol';
import type { HttpServer } from '@earshot/runtime';
import { z } from 'zod';
import { playableCall } from '../playable.ts';
import { wadialCall } from './call-view.ts';
import type { WadialDeps } from './deps.ts';
import { ANY_KEY_ROUTE, CallAnswer, CallParams, callNameOf, SESSION_TAGS } from './route.ts';

const AUDIO = '/api/v1/sessions/:sessionId/calls/:callId/audio';

/** Prepared audio into a call: queued in order, and cleared. */
export function registerWadialAudio(server: HttpServer, deps: WadialDeps): void {
  server.post(`${AUDIO}/play`, {
    config: ANY_KEY_ROUTE,
    schema: {
      tags: SESSION_TAGS,
      summary: 'Play an asset to the peer',
      description:
        'Assets play one after the other, what a talker says is mixed over them; before the call is active they wait. URLs are not taken here.',
      params: CallParams,
      body: z.strictObject({ assetId: z.string() }),
      response: { 200: wadialAnswer(WadialPlay) },
    },
    handler: async (request) => {
      const name = await callNameOf(request, deps);
      const { assetId } = request.body;
      const { callId } = await playableCall(deps.calls, name);
      const clip = await deps.clips.fromAsset(name.tenant, assetId);
      const { playId } = clip;
      await deps.calls.play(name, clip);
      return { data: { callId, assetId, playId } };
    },
  });
  server.post(`${AUDIO}/clear`, {
    config: ANY_KEY_ROUTE,
    schema: {
      tags: SESSION_TAGS,
      summary: 'Drop what is queued for the peer and not yet heard',
      params: CallParams,
      body: z.strictObject({}).nullish(),
      response: { 200: CallAnswer },
    },
    handler: async (request) => ({
      data: wadialCall(await deps.calls.clear(await callNameOf(request, deps))),
    }),
  });
}

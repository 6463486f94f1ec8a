import { z } from 'zod';
import { CallState } from './calls.ts';

/** `talk` sends and receives, `listen` receives only (Pilot Status API). */
export const MediaMode = z.enum(['talk', 'listen']);
export type MediaMode = z.infer<typeof MediaMode>;

/** Subprotocol of media clients that want text frames beside the audio; plain clients get audio only. */
export const MEDIA_PROTOCOL = 'earshot.media.v1';
/** A client that cannot put its token into the query offers this with the token behind it as a subprotocol. */
export const MEDIA_TOKEN_PROTOCOL = 'earshot.token.';

/** `POST /v1/calls/{callId}/realtime-session`. */
export const RealtimeMediaRequest = z.object({ mode: MediaMode });
export const RealtimeMediaResponse = z.object({
  wsUrl: z.string(),
  token: z.string(),
  expiresInSeconds: z.int().positive(),
});
export type RealtimeMediaResponse = z.infer<typeof RealtimeMediaResponse>;

/** Text frames of the call media socket (WADial API), server to client. */
export const MediaEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('ready'),
    media: z.object({
      direction: z.enum(['bidirectional', 'receive']),
      encoding: z.enum(['Float32LE', 'PCM16LE']),
      sampleRate: z.literal(16_000),
      channels: z.literal(1),
    }),
  }),
  z.object({
    type: z.literal('buffer'),
    bufferedMs: z.int().min(0),
    pauseMs: z.int(),
    resumeMs: z.int(),
  }),
  z.object({ type: z.literal('call_state'), call: z.object({ callId: z.string(), state: CallState }) }),
  /** A mark that the client set: everything that it sent before has been played to the peer, or was cleared. */
  z.object({ type: z.literal('mark'), name: z.string(), state: z.enum(['played', 'cleared']) }),
  /** Audio for this client was dropped because it read too slowly. */
  z.object({ type: z.literal('gap'), samples: z.int().positive() }),
  z.object({ type: z.literal('error'), code: z.string(), message: z.string() }),
  z.object({ type: z.literal('ended') }),
]);
export type MediaEvent = z.infer<typeof MediaEvent>;

/** Text frames that a talking client may send beside its audio. */
export const MediaCommand = z.discriminatedUnion('type', [
  z.object({ type: z.literal('mark'), name: z.string().min(1).max(256) }),
  z.object({ type: z.literal('clear') }),
]);
export type MediaCommand = z.infer<typeof MediaCommand>;

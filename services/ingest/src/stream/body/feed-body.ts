import type { Readable } from 'node:stream';
import type { MediaType, SessionRef, StreamBodyResponse } from '@earshot/protocol';
import { openIntake, type StreamContext } from '../live/opening.ts';
import { bodyFormat } from './body-format.ts';
import { BodyStream } from './body-stream.ts';

/** A request body of raw audio and the session it feeds, named by itself or by its stream's capability. */
export interface BodyFeed {
  readonly target: { readonly ref: SessionRef } | { readonly streamId: string };
  readonly contentType: MediaType;
  readonly body: Readable;
}

/**
 * Feeds a session from a body while it arrives; resolves when everything is stored. A body cut off in the
 * middle keeps what came. Rejects with `unsupported_media_type` or `invalid_audio_format` before anything is
 * taken, with the session's own refusals, and, when the server stopped reading, with `session_ended`,
 * `stream_superseded`, `stream_idle` or `shutting_down`, whose details say how much was kept.
 */
export async function feedBody(context: StreamContext, feed: BodyFeed): Promise<StreamBodyResponse> {
  const format = bodyFormat(feed.contentType);
  const ref =
    'ref' in feed.target ? feed.target.ref : await context.sessions.findStream(feed.target.streamId);
  const open = await openIntake(context, ref, 'http');
  return await new BodyStream(context, open, { body: feed.body, format }).answer;
}

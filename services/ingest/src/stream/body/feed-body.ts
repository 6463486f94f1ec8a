import type { Readable } from 'node:stream';
import type { Connection } from '@earshot/intake';
import { EarshotError, type MediaType, type StreamBodyResponse } from '@earshot/protocol';
import { type EdgeContext, openConnection } from '../edge-context.ts';
import { findTarget, type Target } from '../target.ts';
import { bodyFormat } from './body-format.ts';
import { type BodyOutcome, BodyStream } from './body-stream.ts';
import { checkedBody } from './checked-body.ts';
import { readContentDigest } from './content-digest.ts';

/** A request body of raw audio and the session it feeds. */
export interface BodyFeed {
  readonly target: Target;
  readonly contentType: MediaType;
  readonly body: Readable;
  /** The header of that name: the body is held back until it is known to match. */
  readonly contentDigest?: string | string[] | undefined;
}

/**
 * Feeds a session from a body while it arrives; resolves when everything is durable and, if the object store
 * answers in time, stored there. A body cut off in the middle keeps what came. Rejects with
 * `unsupported_media_type` or `invalid_audio_format` before anything is taken, with the session's own refusals,
 * and, when the server stopped reading, with `session_ended`, `stream_superseded`, `stream_idle`,
 * `insufficient_storage` or `shutting_down`, whose details say how much was kept.
 */
export async function feedBody(context: EdgeContext, feed: BodyFeed): Promise<StreamBodyResponse> {
  const format = bodyFormat(feed.contentType);
  const digest = readContentDigest(feed.contentDigest);
  const { maxDigestedBytes } = context.limits;
  const body =
    digest === undefined ? feed.body : (await checkedBody(feed.body, digest, maxDigestedBytes)).body;
  const ref = await findTarget(context, feed.target);
  const connection = await openConnection(context, ref, { transport: 'http' });
  const stream = new BodyStream(context, connection, { body, format, completes: true });
  return await answerWith(context, connection, await stream.outcome);
}

async function answerWith(
  context: EdgeContext,
  connection: Connection,
  { receivedBytes, receivedSamples, kept, error }: BodyOutcome,
): Promise<StreamBodyResponse> {
  const isComplete = error === undefined || error.code === 'session_ended';
  if (isComplete && kept?.durable === true) await connection.archived(context.limits.bodyArchiveWaitMs);
  const counts = {
    received_bytes: receivedBytes,
    received_samples: receivedSamples,
    segments: kept?.segments ?? 0,
  };
  if (error !== undefined) {
    const { code, message, details, cause } = error;
    throw new EarshotError(code, { message, details: { ...details, ...counts }, cause });
  }
  if (kept?.durable !== true) throw new EarshotError('service_unavailable', { details: counts });
  return { session_id: connection.ref.sessionId, success: true, ...counts };
}

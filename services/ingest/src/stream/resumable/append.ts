import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { type Connection, UNKNOWN_FORMAT } from '@earshot/intake';
import { EarshotError } from '@earshot/protocol';
import type { BodyFormat } from '../body/body-format.ts';
import { type BodyOutcome, BodyStream } from '../body/body-stream.ts';
import { checkedBody } from '../body/checked-body.ts';
import { type EdgeContext, NO_STATS, openConnection } from '../edge-context.ts';
import { findTarget, type Target } from '../target.ts';
import { readUploadHead, refuseUnfinishedSample, type UploadHead } from './upload-headers.ts';
import { onlyTrack } from './upload-state.ts';

/** A body that goes on where its stream stands. */
export interface AppendRequest {
  readonly target: Target;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}

/** Where the stream stands after an append. */
export interface Appended {
  /** Bytes of PCM16 that are durable. */
  readonly offset: number;
  /** The audio is complete. */
  readonly complete: boolean;
  /** Why the body was not taken to its end; `offset_mismatch` when nothing of it was. */
  readonly error: EarshotError | undefined;
}

/**
 * Appends a body of PCM16 at its `Upload-Offset`; resolves when what was taken is durable. A malformed head, a
 * wrong digest and the session's own refusals reject before anything is taken.
 */
export async function appendBody(context: EdgeContext, request: AppendRequest): Promise<Appended> {
  const ref = await findTarget(context, request.target);
  // Whoever may not see the session learns nothing else.
  await context.sessions.load(ref);
  const head = readUploadHead(request.headers);
  const body = await bodyOf(context, request, head);
  // Bodies that cannot fit, and streams that no body can feed, leave the connection that feeds the session now alone.
  const before = onlyTrack(await context.host.standing(ref));
  if (head.offset < before.received * 2) return misplaced(head, before.received * 2);
  const connection = await openConnection(context, ref, { transport: 'http' });
  const place = onlyTrack(connection.standing());
  if (place.received * 2 !== head.offset) {
    await connection.finish({ closedBy: 'client', format: UNKNOWN_FORMAT, stats: NO_STATS });
    return misplaced(head, place.received * 2);
  }
  const format = head.format ?? linear(place.sampleRate);
  const stream = new BodyStream(context, connection, { body, format, completes: head.completes });
  return appended(connection, head, await stream.outcome);
}

async function bodyOf(
  context: EdgeContext,
  { body }: AppendRequest,
  { digest, declaredBytes }: UploadHead,
): Promise<Readable> {
  if (digest === undefined) return body;
  const { maxDigestedBytes } = context.limits;
  if ((declaredBytes ?? 0) > maxDigestedBytes) {
    const details = { max_bytes: maxDigestedBytes };
    throw new EarshotError('payload_too_large', { message: 'A body with a digest is limited.', details });
  }
  const checked = await checkedBody(body, digest, maxDigestedBytes);
  refuseUnfinishedSample(checked.bytes);
  return checked.body;
}

function linear(sampleRate: number): BodyFormat {
  return { encoding: 'audio/l16', bigEndian: false, sampleRate };
}

function misplaced(head: UploadHead, expected: number): Appended {
  const details = { expected_offset: expected, provided_offset: head.offset };
  return { offset: expected, complete: false, error: new EarshotError('offset_mismatch', { details }) };
}

function appended(connection: Connection, head: UploadHead, { kept, error }: BodyOutcome): Appended {
  const { durable } = onlyTrack(connection.standing());
  const lost = kept?.durable === true ? undefined : new EarshotError('service_unavailable');
  const failure = error ?? lost;
  return { offset: durable * 2, complete: head.completes && failure === undefined, error: failure };
}

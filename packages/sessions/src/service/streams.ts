import {
  EarshotError,
  type SegmentEntry,
  type SessionDocument,
  type SessionRef,
  type StreamRecord,
} from '@earshot/protocol';
import { positionsOf, type TrackPosition } from '../core/coverage.ts';
import { refuseUnlessOpen } from '../core/machine.ts';
import type { StreamLease } from '../ports.ts';
import { announce, type SessionsContext } from './context.ts';
import { streamHash } from './create.ts';
import { loadRow, measureOrphans, notFound } from './load.ts';

/** A newer connection waits this long for the tail of the one it replaces, ms. */
const TAKEOVER_WAIT_MS = 5000;

/** What a new connection continues from. */
export interface OpenedStream {
  readonly ref: SessionRef;
  readonly document: SessionDocument;
  readonly epoch: number;
  readonly tracks: readonly TrackPosition[];
}

/** The session that a stream id may feed; `session_not_found` for ids that lead nowhere. */
export async function findStream(context: SessionsContext, streamId: string): Promise<SessionRef> {
  const pointer = await context.truth.readStreamPointer(streamHash(streamId));
  if (pointer === null) throw new EarshotError('session_not_found', { message: 'No such stream.' });
  return { tenant: pointer.tenant, sessionId: pointer.sessionId };
}

/**
 * Makes `node` the one writer of a session. The newest connection wins: an older one is told to go and its
 * tail is awaited, so that positions continue.
 */
export async function openStream(
  context: SessionsContext,
  ref: SessionRef,
  node: string,
): Promise<OpenedStream> {
  const row = await loadRow(context, ref);
  refuseUnlessOpen(row);
  if (row.document.request.upload_type !== 'stream') {
    throw new EarshotError('invalid_request', {
      message: 'This session takes uploaded files, not a stream.',
      details: { upload_type: row.document.request.upload_type },
    });
  }
  const change = await context.index.apply(ref, { type: 'stream' });
  if (change === null) throw notFound(ref);
  const epoch = change.row.epoch;
  const older = await context.index.liveStream(ref);
  if (!(await context.index.holdStream(ref, { node, epoch }, context.settings.leaseMs))) {
    throw new EarshotError('stream_superseded');
  }
  if (older !== null) await awaitTail(context, ref, older);
  await announce(context, ref, change.announce);
  return { ref, document: row.document, epoch, tracks: await trackPositions(context, ref) };
}

/** What the object store holds decides, since the index may have forgotten or not yet heard. */
async function trackPositions(context: SessionsContext, ref: SessionRef): Promise<TrackPosition[]> {
  const [indexed, records] = await Promise.all([context.index.segments(ref), context.truth.readStreams(ref)]);
  const named = [...indexed, ...records.flatMap((record) => record.segments)];
  const orphans = await measureOrphans(context, ref, named);
  if (orphans.length > 0) await context.index.addSegments(ref, orphans);
  return positionsOf(
    [...named, ...orphans],
    records.flatMap((record) => record.gaps),
  );
}

/** Waits, bounded, until the older connection has recorded its tail. */
async function awaitTail(context: SessionsContext, ref: SessionRef, older: StreamLease): Promise<void> {
  await context.index.notifyStream({ ref, reason: 'superseded', epoch: older.epoch }, older);
  const deadline = context.now().getTime() + TAKEOVER_WAIT_MS;
  for (;;) {
    const records = await context.truth.readStreams(ref);
    if (records.some((record) => record.epoch === older.epoch)) return;
    const left = deadline - context.now().getTime();
    if (left <= 0) return;
    await context.index.waitForChange(ref, Math.min(left, 500), new AbortController().signal);
  }
}

/** Tells the index about segments that are stored; it may forget them, the object store does not. */
export async function recordSegments(
  context: SessionsContext,
  ref: SessionRef,
  entries: readonly SegmentEntry[],
): Promise<void> {
  await context.index.addSegments(ref, entries);
}

/**
 * Writes what a connection left behind, gives its lease back, and moves the expiry so that a session whose
 * stream outlived it stays open. A session that was erased meanwhile keeps nothing.
 */
export async function closeStream(
  context: SessionsContext,
  ref: SessionRef,
  record: StreamRecord,
): Promise<void> {
  if ((await context.truth.readErased(ref)) !== null) {
    await context.truth.eraseSession(ref);
    return;
  }
  await context.truth.writeStream(ref, { ...record, epoch: await freeEpoch(context, ref, record) });
  try {
    await settleClosed(context, ref, record);
  } catch (error) {
    // The record is stored, so nothing is lost: the lease runs out and End finds the record.
    context.warn('a closed stream could not be indexed', { sessionId: ref.sessionId, error });
  }
}

async function settleClosed(context: SessionsContext, ref: SessionRef, record: StreamRecord): Promise<void> {
  await context.index.addSegments(ref, record.segments);
  await extendExpiry(context, ref);
  const held = await context.index.liveStream(ref);
  if (held?.epoch === record.epoch) await context.index.releaseStream(ref, held);
  else await context.index.changed(ref);
}

/** After the index was emptied two connections may have had the same epoch; neither record may be lost. */
async function freeEpoch(context: SessionsContext, ref: SessionRef, record: StreamRecord): Promise<number> {
  const others = (await context.truth.readStreams(ref)).filter(
    (other) => other.startedAt !== record.startedAt,
  );
  if (!others.some((other) => other.epoch === record.epoch)) return record.epoch;
  return Math.max(...others.map((other) => other.epoch)) + 1;
}

/** Moves the expiry to a full life after now, when that is later. */
export async function extendExpiry(context: SessionsContext, ref: SessionRef): Promise<void> {
  const row = await loadRow(context, ref);
  const expiresAt = new Date(context.now().getTime() + context.settings.ttlSeconds * 1000).toISOString();
  if (row.status !== 'recording' || expiresAt <= row.document.expiresAt) return;
  const document = { ...row.document, expiresAt };
  await context.truth.writeSession(document);
  await context.index.apply(ref, { type: 'described', document });
}

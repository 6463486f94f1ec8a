import {
  EarshotError,
  type SegmentEntry,
  type SessionDocument,
  type SessionRef,
  type StreamRecord,
} from '@earshot/protocol';
import { positionsOf, type TrackPosition } from '../core/coverage.ts';
import { refuseUnlessOpen } from '../core/machine.ts';
import { mergeSegments } from '../core/manifest.ts';
import { type Claim, takeEpoch } from './claims.ts';
import { announce, type SessionsContext } from './context.ts';
import { streamHash } from './create.ts';
import { loadRow, measureOrphans, notFound } from './load.ts';

/** The right to feed a session. */
export interface ClaimedStream {
  readonly ref: SessionRef;
  readonly document: SessionDocument;
  /** Fencing token: writers of lower epochs are over. */
  readonly epoch: number;
}

/** Where the tracks of a session stand in the object store. */
export interface StoredStanding {
  readonly tracks: readonly TrackPosition[];
  readonly segments: readonly SegmentEntry[];
}

/** What became of a session: `over` has a manifest or is expired, `gone` was erased or never was. */
export interface SessionFate {
  readonly fate: 'open' | 'ending' | 'over' | 'gone';
  readonly epoch: number;
}

/** Stream ids that a node remembers. */
const REMEMBERED_STREAMS = 10_000;

/**
 * `findStream` with a memory: a stream id never leads elsewhere, and a connection that drops while the object store is
 * away finds its session again. Whether that one still takes audio is asked each time it is claimed.
 */
export function createStreamFinder(context: SessionsContext): (streamId: string) => Promise<SessionRef> {
  const known = new Map<string, SessionRef>();
  return async (streamId) => {
    const remembered = known.get(streamId);
    if (remembered !== undefined) return remembered;
    const ref = await findStream(context, streamId);
    known.set(streamId, ref);
    const [oldest] = known.keys();
    if (known.size > REMEMBERED_STREAMS && oldest !== undefined) known.delete(oldest);
    return ref;
  };
}

/** The session that a stream id may feed; `session_not_found` for ids that lead nowhere. */
async function findStream(context: SessionsContext, streamId: string): Promise<SessionRef> {
  const pointer = await context.truth.readStreamPointer(streamHash(streamId));
  if (pointer === null) throw new EarshotError('session_not_found', { message: 'No such stream.' });
  return { tenant: pointer.tenant, sessionId: pointer.sessionId };
}

/**
 * Makes a node the one writer of a session, with the next epoch. The newest connection wins: an owner on another
 * node is told to go, and its tail is awaited, so that positions continue.
 */
export async function claimStream(
  context: SessionsContext,
  ref: SessionRef,
  claim: Claim,
): Promise<ClaimedStream> {
  const row = await loadRow(context, ref);
  refuseUnlessOpen(row);
  if (row.document.request.upload_type !== 'stream') {
    throw new EarshotError('invalid_request', {
      message: 'This session takes uploaded files, not a stream.',
      details: { upload_type: row.document.request.upload_type },
    });
  }
  const { epoch, announce: events } = await takeEpoch(context, ref, claim);
  await announce(context, ref, events);
  return { ref, document: row.document, epoch };
}

/**
 * What the object store holds decides, since the index may have forgotten or not yet heard. An erased session is refused:
 * while a connection waited for the lease a sweep may have taken its claim away before anybody could tell it, and an
 * erasure that begins behind the lease finds that.
 */
export async function standing(context: SessionsContext, ref: SessionRef): Promise<StoredStanding> {
  const { index, truth } = context;
  const [indexed, records, erased] = await Promise.all([
    index.segments(ref),
    truth.readStreams(ref),
    truth.readErased(ref),
  ]);
  if (erased !== null) throw notFound(ref);
  const named = [...indexed, ...records.flatMap((record) => record.segments)];
  const orphans = await measureOrphans(context, ref, named);
  if (orphans.length > 0) await context.index.addSegments(ref, orphans);
  const segments = mergeSegments(named, orphans);
  const tracks = positionsOf(
    segments,
    records.flatMap((record) => record.gaps),
  );
  return { tracks, segments };
}

/** Judges by the object store whether audio that turns up late still has a place. */
export async function fateOf(context: SessionsContext, ref: SessionRef): Promise<SessionFate> {
  const { truth } = context;
  const [document, erased] = await Promise.all([truth.readSession(ref), truth.readErased(ref)]);
  if (document === null || erased !== null) return { fate: 'gone', epoch: 0 };
  const [manifest, expired] = await Promise.all([truth.readManifest(ref), truth.readExpired(ref)]);
  if (manifest !== null || expired !== null) return { fate: 'over', epoch: 0 };
  const row = await loadRow(context, ref);
  return { fate: row.ending ? 'ending' : 'open', epoch: row.epoch };
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
  const { owner, own } = await ownPart(context, ref, record);
  await context.truth.writeStream(ref, { ...own, epoch: await freeEpoch(context, ref, own) });
  try {
    await settleClosed(context, ref, { record, owner });
  } catch (error) {
    // The record is stored, so nothing is lost: the lease runs out and End finds the record.
    context.warn('a closed stream could not be indexed', { sessionId: ref.sessionId, error });
  }
  // Erased while this was written: the tombstone was there first or is seen now.
  if ((await context.truth.readErased(ref)) !== null) await context.truth.eraseSession(ref);
}

/**
 * The record without epochs that were given to other nodes: a connection that resumed while the store was away has no
 * claim, and an index that was emptied gives its epoch again. What the others hold must still be waited for.
 */
async function ownPart(
  { truth }: SessionsContext,
  ref: SessionRef,
  record: StreamRecord,
): Promise<{ readonly owner: string | undefined; readonly own: StreamRecord }> {
  const first = record.fromEpoch ?? record.epoch;
  const epochs = (await truth.listClaims(ref)).filter((epoch) => epoch >= first && epoch <= record.epoch);
  const claims = await Promise.all(epochs.map((epoch) => truth.readClaim(ref, epoch)));
  const owner = claims.find((claim) => claim?.epoch === first)?.node;
  const other = claims.find((claim) => claim !== null && owner !== undefined && claim.node !== owner);
  return { owner, own: other ? { ...record, epoch: other.epoch - 1 } : record };
}

async function settleClosed(
  context: SessionsContext,
  ref: SessionRef,
  { record, owner }: { record: StreamRecord; owner: string | undefined },
): Promise<void> {
  await context.index.addSegments(ref, record.segments);
  await extendExpiry(context, ref);
  const held = await context.index.liveStream(ref);
  if (held?.epoch === record.epoch && (owner ?? held.node) === held.node)
    await context.index.releaseStream(ref, held);
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
  if ((await context.truth.readErased(ref)) !== null) {
    await context.truth.eraseSession(ref);
    return;
  }
  await context.index.apply(ref, { type: 'described', document });
}

import type { EraseSessionResponse, ErasureReceipt, SessionRef } from '@earshot/protocol';
import type { SegmentPlace, SessionIndex, SessionTruth, WorkQueue } from '../../ports.ts';
import { openClaims } from '../claims.ts';
import { streamHash } from '../create.ts';
import { notFound } from '../load.ts';

/** What erasing needs; every service that may erase brings its own. */
export interface ErasureParts {
  readonly truth: Pick<
    SessionTruth,
    | 'readSession'
    | 'readErased'
    | 'createErased'
    | 'writeErased'
    | 'eraseSession'
    | 'removePending'
    | 'removeStreamPointer'
    | 'listSegments'
    | 'listClaims'
    | 'readClaim'
    | 'readStreams'
  >;
  readonly index: Pick<SessionIndex, 'read' | 'liveStream' | 'notifyStream' | 'segments' | 'remove'>;
  readonly queue: Pick<WorkQueue, 'removeWork'>;
  readonly now: () => Date;
}

/**
 * Erases everything of a session: objects, index, jobs, and the journal of the node that feeds it. The tombstone is
 * written first, so that late writers are refused, and the receipt last, so that a crash in between is finished by
 * asking again. A repeat gives the same receipt.
 */
export async function eraseSession(parts: ErasureParts, ref: SessionRef): Promise<EraseSessionResponse> {
  const { truth, index, queue, now } = parts;
  const document = await truth.readSession(ref);
  const known = await truth.readErased(ref);
  if (document === null && known === null) throw notFound(ref);
  if (document === null && known?.receipt !== undefined) {
    // A node that died may have had a write under way that took effect behind the erasure.
    await truth.eraseSession(ref);
    // An index that was rolled back may know the session again.
    if ((await index.read(ref)) !== null) await index.remove(ref);
    return responseOf(ref, known.erasedAt, known.receipt);
  }
  const erasedAt = known?.erasedAt ?? now().toISOString();
  await truth.createErased(ref, { v: 1, erasedAt });
  const live = await index.liveStream(ref);
  // An index that was emptied has forgotten the lease, the claims have not.
  const owners = [...(live === null ? [] : [live]), ...(await openClaims(parts, ref))];
  for (const { node, epoch } of owners) {
    await index.notifyStream({ ref, reason: 'erased', epoch }, { node, epoch });
  }
  const jobs = await queue.removeWork(ref, await placesOf(parts, ref));
  if (document !== null && document.streamId !== null)
    await truth.removeStreamPointer(streamHash(document.streamId));
  await truth.removePending(ref);
  const { objects, bytes } = await truth.eraseSession(ref);
  const indexed = (await index.read(ref)) !== null;
  await index.remove(ref);
  const receipt: ErasureReceipt = {
    removed: { objects, bytes, index: indexed, jobs },
    journal: owners.length === 0 ? 'none' : 'notified',
  };
  // Of two that erased side by side the later one repeats the receipt of the first.
  const first = (await truth.readErased(ref))?.receipt;
  if (first === undefined) await truth.writeErased(ref, { v: 1, erasedAt, receipt });
  return responseOf(ref, erasedAt, first ?? receipt);
}

/** Segments by what is stored and what the index heard of: either may know more. */
async function placesOf({ truth, index }: ErasureParts, ref: SessionRef): Promise<SegmentPlace[]> {
  const [stored, indexed] = await Promise.all([truth.listSegments(ref), index.segments(ref)]);
  const places = new Map<string, SegmentPlace>();
  for (const { track, index: position } of [...stored, ...indexed]) {
    places.set(`${track}-${position}`, { track, index: position });
  }
  return [...places.values()];
}

function responseOf(ref: SessionRef, erasedAt: string, receipt: ErasureReceipt): EraseSessionResponse {
  return { session_id: ref.sessionId, erased_at: erasedAt, ...receipt };
}

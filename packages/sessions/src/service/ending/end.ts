import {
  EarshotError,
  type EndAnswer,
  type EndSessionRequest,
  type Manifest,
  type SessionRef,
} from '@earshot/protocol';
import type { SessionRow } from '../../core/machine.ts';
import { buildManifest } from '../../core/manifest.ts';
import { announce, type SessionsContext } from '../context.ts';
import { loadRow, measureOrphans, notFound } from '../load.ts';

/**
 * Ends a session: no more audio, the tail of a live stream awaited, the manifest written, the work queued.
 * Repeats, on any node, give the stored answer again. Errors: `session_not_found`, `session_expired`,
 * `service_unavailable` when a live stream does not let go in time (End may be tried again).
 */
export async function endSession(
  context: SessionsContext,
  ref: SessionRef,
  request: EndSessionRequest,
): Promise<EndAnswer> {
  const row = await loadRow(context, ref);
  const stored = await context.truth.readManifest(ref);
  if (stored !== null) {
    if (row.endedAt === null) await settle(context, ref, stored);
    return stored.answer;
  }
  if (row.status === 'expired') {
    throw new EarshotError('session_expired', {
      details: { session_id: ref.sessionId, expired_at: row.expiredAt },
    });
  }
  await context.index.apply(ref, { type: 'ending' });
  const interrupted = await closeLiveStream(context, ref, row);
  const manifest = await collect(context, row, { request, interrupted });
  await context.truth.writePending({ v: 1, ...ref, since: manifest.endedAt });
  if ((await context.truth.createManifest(manifest)) === 'exists') {
    return (await context.truth.readManifest(ref))?.answer ?? manifest.answer;
  }
  if ((await context.truth.readErased(ref)) !== null) {
    await context.truth.eraseSession(ref);
    await context.truth.removePending(ref);
    throw notFound(ref);
  }
  await settle(context, ref, manifest);
  return manifest.answer;
}

/** Index, events and queue after the manifest exists. Whatever fails here, the reconciler repairs. */
async function settle(context: SessionsContext, ref: SessionRef, manifest: Manifest): Promise<void> {
  try {
    const change = await context.index.apply(ref, { type: 'ended', at: manifest.endedAt });
    const row = change?.row ?? (await loadRow(context, ref));
    if (row.status !== 'processing') return;
    if (manifest.uploads.length > 0) await context.queue.decodeUploads(ref);
    else await context.queue.transcribe(row.document, manifest.segments);
    if (change !== null) await announce(context, ref, change.announce);
  } catch (error) {
    context.warn('an ended session could not be queued; the reconciler will', {
      sessionId: ref.sessionId,
      error,
    });
  }
}

/**
 * Asks the owner of a live stream to flush and close, and waits for it. True when the owner vanished without
 * recording its tail.
 */
async function closeLiveStream(context: SessionsContext, ref: SessionRef, row: SessionRow): Promise<boolean> {
  const { index, settings, now } = context;
  if (row.document.request.upload_type !== 'stream') return false;
  const deadline = now().getTime() + settings.endTailWaitMs;
  let last = await index.liveStream(ref);
  if (last !== null) await index.notifyStream({ ref, reason: 'end', epoch: last.epoch });
  for (;;) {
    const live = await index.liveStream(ref);
    if (live === null) break;
    last = live;
    const left = deadline - now().getTime();
    if (left <= 0) {
      throw new EarshotError('service_unavailable', {
        message: 'The live stream of this session is still being stored. Try again.',
        details: { retry_after_seconds: 2 },
      });
    }
    await index.waitForChange(ref, Math.min(left, 250), new AbortController().signal);
  }
  const recorded = new Set((await context.truth.readStreams(ref)).map((stream) => stream.epoch));
  return row.epoch > 0 && !recorded.has(Math.max(last?.epoch ?? 0, row.epoch));
}

/** Gathers uploads, stream records and unnamed segments from the object store. */
async function collect(
  context: SessionsContext,
  row: SessionRow,
  { request, interrupted }: { request: EndSessionRequest; interrupted: boolean },
): Promise<Manifest> {
  const ref = { tenant: row.document.tenant, sessionId: row.document.sessionId };
  const [uploads, streams] = await Promise.all([
    context.truth.readUploads(ref),
    context.truth.readStreams(ref),
  ]);
  const named = [...streams.flatMap((stream) => stream.segments), ...(await context.index.segments(ref))];
  const orphans = await measureOrphans(context, ref, named);
  const recorded = new Set(streams.flatMap((stream) => stream.segments.map((segment) => segment.key)));
  const indexed = named.filter((segment) => !recorded.has(segment.key));
  return buildManifest({
    document: row.document,
    uploads,
    streams,
    orphans: [...indexed, ...orphans],
    filesSent: request.audio_files_sent,
    interrupted,
    at: context.now().toISOString(),
  });
}

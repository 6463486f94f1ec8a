import type { Manifest } from '@earshot/protocol';
import { isRecorded } from '../../core/manifest.ts';
import { announce, type SessionsContext } from '../context.ts';
import { loadRow, notFound } from '../load.ts';
import { digestTracks } from './digests.ts';
import type { ManifestDraft } from './draft.ts';

/**
 * Writes the manifest unless another node was first, and sets the work going. Resolves to the one that counts.
 * A session that was erased meanwhile keeps nothing and is `session_not_found`.
 */
export async function closeSession(context: SessionsContext, draft: ManifestDraft): Promise<Manifest> {
  const ref = { tenant: draft.manifest.tenant, sessionId: draft.manifest.sessionId };
  const digests = await digestTracks(context, draft);
  const manifest = digests === undefined ? draft.manifest : { ...draft.manifest, digests };
  if ((await context.truth.createManifest(manifest)) === 'exists') {
    return (await context.truth.readManifest(ref)) ?? manifest;
  }
  if ((await context.truth.readErased(ref)) !== null) {
    await context.truth.eraseSession(ref);
    await context.truth.removePending(ref);
    throw notFound(ref);
  }
  await settle(context, manifest);
  return manifest;
}

/** Index, events and queue after the manifest exists. Whatever fails here, the reconciler repairs. */
export async function settle(context: SessionsContext, manifest: Manifest): Promise<void> {
  const ref = { tenant: manifest.tenant, sessionId: manifest.sessionId };
  try {
    const change = await context.index.apply(ref, { type: 'ended', at: manifest.endedAt });
    const row = change?.row ?? (await loadRow(context, ref));
    if (row.status !== 'processing') return;
    if (manifest.uploads.length > 0) await context.queue.decodeUploads(ref);
    else await context.queue.transcribe(row.document, manifest.segments);
    if (isRecorded(row.document, manifest)) await context.queue.renderRecording(ref);
    if (change !== null) await announce(context, ref, change.announce);
  } catch (error) {
    context.warn('an ended session could not be queued; the reconciler will', {
      sessionId: ref.sessionId,
      error,
    });
  }
}

import type { EndSessionRequest, Manifest, StreamRecord } from '@earshot/protocol';
import type { SessionRow } from '../../core/machine.ts';
import { buildManifest } from '../../core/manifest.ts';
import { refOf, type SessionsContext } from '../context.ts';
import { measureOrphans } from '../load.ts';

/** A manifest that is not written yet, with the records that it was made from. */
export interface ManifestDraft {
  readonly manifest: Manifest;
  readonly streams: readonly StreamRecord[];
}

/** Gathers uploads, stream records and unnamed segments from the object store. */
export async function draftManifest(
  context: SessionsContext,
  row: SessionRow,
  end: { readonly request: EndSessionRequest; readonly interrupted: boolean; readonly at: string },
): Promise<ManifestDraft> {
  const ref = refOf(row.document);
  const [uploads, streams] = await Promise.all([
    context.truth.readUploads(ref),
    context.truth.readStreams(ref),
  ]);
  const named = [...streams.flatMap((stream) => stream.segments), ...(await context.index.segments(ref))];
  const orphans = await measureOrphans(context, ref, named);
  const recorded = new Set(streams.flatMap((stream) => stream.segments.map((segment) => segment.key)));
  const indexed = named.filter((segment) => !recorded.has(segment.key));
  const manifest = buildManifest({
    document: row.document,
    uploads,
    streams,
    orphans: [...indexed, ...orphans],
    filesSent: end.request.audio_files_sent,
    interrupted: end.interrupted,
    at: end.at,
  });
  return { manifest, streams };
}

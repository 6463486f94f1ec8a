import type {
  Gap,
  ProcessingIssue,
  SegmentEntry,
  SessionRef,
  TrackCoverage,
  TrackDigest,
  Transcript,
  UploadReceipt,
} from '@earshot/protocol';
import { coverageOf } from '../core/coverage.ts';
import type { SessionRow } from '../core/machine.ts';
import type { SegmentStatus } from '../ports.ts';
import type { SessionsContext } from './context.ts';
import { expireIfDue, noticeEnd } from './ending/expiry.ts';
import { loadRow } from './load.ts';

/** Everything that Get Session shows, read together. */
export interface SessionSnapshot {
  readonly row: SessionRow;
  readonly uploads: readonly UploadReceipt[];
  readonly segments: readonly SegmentEntry[];
  readonly statuses: ReadonlyMap<string, SegmentStatus>;
  readonly gaps: readonly Gap[];
  readonly coverage: readonly TrackCoverage[];
  /** Undefined until the manifest tells them. */
  readonly digests: readonly TrackDigest[] | undefined;
  readonly issues: readonly ProcessingIssue[];
  readonly transcript: Transcript | null;
}

/** The state of a session now; a session whose time is up expires here, on access. */
export async function readSnapshot(context: SessionsContext, ref: SessionRef): Promise<SessionSnapshot> {
  const row = await noticeEnd(context, await expireIfDue(context, await loadRow(context, ref)));
  const over = row.status === 'completed' || row.status === 'partial' || row.status === 'failed';
  const settled = over || row.status === 'processing' ? await settledSnapshot(context, row) : null;
  return settled ?? openSnapshot(context, row, ref);
}

/** Before the manifest: what has been heard of so far. */
async function openSnapshot(
  context: SessionsContext,
  row: SessionRow,
  ref: SessionRef,
): Promise<SessionSnapshot> {
  const [uploads, segments, streams] = await Promise.all([
    context.index.uploads(ref),
    context.index.segments(ref),
    row.epoch > 0 ? context.truth.readStreams(ref) : [],
  ]);
  const gaps = streams.flatMap((stream) => stream.gaps);
  return {
    row,
    uploads,
    segments,
    statuses: new Map(),
    gaps,
    coverage: coverageOf(segments, gaps),
    digests: undefined,
    issues: streams.flatMap((stream) => stream.warnings),
    transcript: null,
  };
}

/** After End the manifest and what the worker added are the whole story; null while the manifest is awaited. */
async function settledSnapshot(context: SessionsContext, row: SessionRow): Promise<SessionSnapshot | null> {
  const ref: SessionRef = { tenant: row.document.tenant, sessionId: row.document.sessionId };
  const [manifest, decoded, transcript, statuses] = await Promise.all([
    context.truth.readManifest(ref),
    context.truth.readDecoded(ref),
    context.truth.readTranscript(ref),
    context.index.segmentStatuses(ref),
  ]);
  if (manifest === null) return null;
  return {
    row: await catchUp(context, row, transcript),
    uploads: manifest.uploads,
    segments: [...manifest.segments, ...(decoded?.segments ?? [])],
    statuses,
    gaps: [...manifest.gaps, ...(decoded?.gaps ?? [])],
    coverage: [...manifest.coverage, ...(decoded?.coverage ?? [])],
    digests: manifest.digests,
    issues: [...manifest.issues, ...(decoded?.issues ?? [])],
    transcript,
  };
}

/** A transcript that the index has not heard of yet is the truth. */
async function catchUp(
  context: SessionsContext,
  row: SessionRow,
  transcript: Transcript | null,
): Promise<SessionRow> {
  if (transcript === null || row.status === transcript.status) return row;
  const { tenant, sessionId, status, completedAt } = transcript;
  await context.index.finish({ tenant, sessionId }, { status, completedAt });
  return { ...row, status, completedAt };
}

import type {
  EndAnswer,
  Manifest,
  ProcessingIssue,
  SegmentEntry,
  SessionDocument,
  StreamRecord,
  UploadReceipt,
} from '@earshot/protocol';
import { coverageOf, holesOf, withoutOverlap, withoutStored } from './coverage.ts';

export interface ManifestInput {
  readonly document: SessionDocument;
  readonly uploads: readonly UploadReceipt[];
  readonly streams: readonly StreamRecord[];
  /** Stored segments that no stream record names: their node died before it could write one. */
  readonly orphans: readonly SegmentEntry[];
  /** What the client says it sent; ignored for streams. */
  readonly filesSent: number | undefined;
  /** Live connections that were given up on. */
  readonly interrupted: boolean;
  readonly at: string;
}

/** Everything that End knows about a session's audio, and the answer it gives. */
export function buildManifest(input: ManifestInput): Manifest {
  const { document, uploads, streams, at } = input;
  const segments = mergeSegments(
    streams.flatMap((stream) => stream.segments),
    input.orphans,
  );
  const known = withoutOverlap(
    withoutStored(
      streams.flatMap((stream) => stream.gaps),
      segments,
    ),
  );
  const gaps = [...known, ...holesOf(segments, known)].sort(
    (a, b) => a.track.localeCompare(b.track) || a.from - b.from,
  );
  return {
    v: 1,
    tenant: document.tenant,
    sessionId: document.sessionId,
    endedAt: at,
    uploads: [...uploads],
    segments,
    gaps,
    coverage: coverageOf(
      segments,
      gaps,
      streams.flatMap((stream) => stream.coverage),
    ),
    issues: [...streams.flatMap((stream) => stream.warnings), ...streamIssues(input), ...fileIssues(input)],
    answer: endAnswer(document, uploads, segments),
  };
}

/** True for a call that is to be recorded, when there was something to hear: one that never came about has no recording. */
export function isRecorded(
  document: Pick<SessionDocument, 'call'>,
  manifest: Pick<Manifest, 'segments'>,
): boolean {
  const isLeg = ({ track }: SegmentEntry): boolean => track === 'inbound' || track === 'outbound';
  return document.call?.record === true && manifest.segments.some(isLeg);
}

/** One entry a segment, in time order; a stream record's entry beats a recovered one. */
export function mergeSegments(
  known: readonly SegmentEntry[],
  recovered: readonly SegmentEntry[],
): SegmentEntry[] {
  const byKey = new Map<string, SegmentEntry>();
  for (const segment of [...recovered, ...known]) byKey.set(segment.key, segment);
  return [...byKey.values()].sort(
    (a, b) => a.track.localeCompare(b.track) || a.firstSample - b.firstSample || a.index - b.index,
  );
}

/** Name of a segment in `audio_files`: `0.wav`, or `inbound_0.wav` where a session has named tracks. */
export function segmentFileName(segment: SegmentEntry): string {
  return segment.track === 'main' ? `${segment.index}.wav` : `${segment.track}_${segment.index}.wav`;
}

/** `audio_files` of a session: uploaded files as stored, or the segments of its streams. */
export function audioFiles(uploads: readonly UploadReceipt[], segments: readonly SegmentEntry[]): string[] {
  return uploads.length > 0 ? uploads.map((upload) => upload.name) : segments.map(segmentFileName);
}

function endAnswer(
  document: SessionDocument,
  uploads: readonly UploadReceipt[],
  segments: readonly SegmentEntry[],
): EndAnswer {
  const files = audioFiles(uploads, segments);
  return {
    session_id: document.sessionId,
    status: 'processing',
    message: 'Session ended. Processing started.',
    audio_files_received: files.length,
    audio_files: files,
  };
}

function streamIssues({ interrupted }: ManifestInput): ProcessingIssue[] {
  if (!interrupted) return [];
  return [
    {
      type: 'stream_interrupted',
      message: 'A live connection was lost before its last seconds were stored.',
    },
  ];
}

/** A count that disagrees, or a hole in the sequence numbers, makes the session partial and names the files. */
function fileIssues({ document, uploads, filesSent }: ManifestInput): ProcessingIssue[] {
  if (document.request.upload_type === 'stream') return [];
  const present = new Set(uploads.map((upload) => upload.sequence));
  const highest = uploads.at(-1)?.sequence ?? -1;
  // A client that counts from 0 never numbers a file as high as its count: this one counts from 1.
  const countsFromOne = !present.has(0) && highest === filesSent;
  const missing: number[] = [];
  for (
    let sequence = countsFromOne ? 1 : 0;
    sequence <= Math.max(highest, (filesSent ?? 0) - 1) && missing.length < 100;
    sequence++
  ) {
    if (!present.has(sequence)) missing.push(sequence);
  }
  if (missing.length > 0) {
    return missing.map((sequence) => ({
      type: 'audio_file_missing',
      message: `Audio file with sequence number ${sequence} was not received.`,
      details: { sequence },
    }));
  }
  if (filesSent !== undefined && filesSent !== uploads.length) {
    const details = { sent: filesSent, received: uploads.length };
    return [
      {
        type: 'audio_files_mismatch',
        message: 'The client counted other files than were received.',
        details,
      },
    ];
  }
  return [];
}

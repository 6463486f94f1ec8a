import type {
  DecodedRecord,
  ErasedRecord,
  ExpiredRecord,
  Manifest,
  PendingMarker,
  SegmentEntry,
  SegmentResult,
  SessionDocument,
  SessionRef,
  StreamClaim,
  StreamPointer,
  StreamRecord,
  TrackName,
  Transcript,
  UploadReceipt,
} from '@earshot/protocol';
import type { SessionInput, SessionRow, Transition } from './core/machine.ts';

/** A stored segment as its key tells it. */
export interface StoredSegment {
  readonly track: TrackName;
  readonly index: number;
  readonly firstSample: number;
  readonly key: string;
  readonly bytes: number;
}

/** The truth about sessions: typed documents in the object store. Missing documents are null. */
export interface SessionTruth {
  readSession(ref: SessionRef): Promise<SessionDocument | null>;
  createSession(document: SessionDocument): Promise<'created' | 'exists'>;
  writeSession(document: SessionDocument): Promise<void>;
  readUploads(ref: SessionRef): Promise<UploadReceipt[]>;
  readUpload(ref: SessionRef, sequence: number): Promise<UploadReceipt | null>;
  createUpload(ref: SessionRef, receipt: UploadReceipt): Promise<'created' | 'exists'>;
  writeUpload(ref: SessionRef, receipt: UploadReceipt): Promise<void>;
  readStreams(ref: SessionRef): Promise<StreamRecord[]>;
  writeStream(ref: SessionRef, record: StreamRecord): Promise<void>;
  createClaim(ref: SessionRef, claim: StreamClaim): Promise<'created' | 'exists'>;
  readClaim(ref: SessionRef, epoch: number): Promise<StreamClaim | null>;
  /** Epochs that were claimed, in order. */
  listClaims(ref: SessionRef): Promise<number[]>;
  removeClaims(ref: SessionRef, epochs: readonly number[]): Promise<void>;
  listSegments(ref: SessionRef): Promise<StoredSegment[]>;
  readManifest(ref: SessionRef): Promise<Manifest | null>;
  createManifest(manifest: Manifest): Promise<'created' | 'exists'>;
  readDecoded(ref: SessionRef): Promise<DecodedRecord | null>;
  readResults(ref: SessionRef): Promise<SegmentResult[]>;
  readTranscript(ref: SessionRef): Promise<Transcript | null>;
  readExpired(ref: SessionRef): Promise<ExpiredRecord | null>;
  createExpired(ref: SessionRef, record: ExpiredRecord): Promise<'created' | 'exists'>;
  readErased(ref: SessionRef): Promise<ErasedRecord | null>;
  createErased(ref: SessionRef, record: ErasedRecord): Promise<'created' | 'exists'>;
  writeErased(ref: SessionRef, record: ErasedRecord): Promise<void>;
  eraseSession(ref: SessionRef): Promise<{ readonly objects: number; readonly bytes: number }>;
  readPending(ref: SessionRef): Promise<PendingMarker | null>;
  createPending(marker: PendingMarker): Promise<'created' | 'exists'>;
  /** Sessions with a pending marker, told by the keys alone. */
  listPendingRefs(): AsyncIterable<SessionRef>;
  writePending(marker: PendingMarker): Promise<void>;
  removePending(ref: SessionRef): Promise<void>;
  createStreamPointer(sha256: string, pointer: StreamPointer): Promise<'created' | 'exists'>;
  readStreamPointer(sha256: string): Promise<StreamPointer | null>;
  removeStreamPointer(sha256: string): Promise<void>;
  listSessions(tenant: string): AsyncIterable<string>;
  listTenants(): Promise<string[]>;
}

/** Which segment of a session. */
export type SegmentPlace = Pick<StoredSegment, 'track' | 'index'>;

/** How far the worker is with one segment. */
export type SegmentStatus = 'transcribed' | 'no_speech' | 'failed';

/** Who feeds a session right now. */
export interface StreamLease {
  readonly node: string;
  readonly epoch: number;
}

/** What a node is told about a stream that it owns. */
export interface StreamNotice {
  readonly ref: SessionRef;
  /** `end`: flush and close; `superseded`: a newer connection took over; `erased`: drop everything. */
  readonly reason: 'end' | 'superseded' | 'erased';
  /** Streams of this epoch and older are meant. */
  readonly epoch: number;
}

interface SessionPage {
  readonly refs: readonly SessionRef[];
  readonly nextCursor: string | null;
}

/**
 * The index over sessions: fast, shared by all nodes, and disposable. Whatever it forgets is rebuilt from
 * `SessionTruth`; nothing may depend on it for safety.
 */
export interface SessionIndex {
  read(ref: SessionRef): Promise<SessionRow | null>;
  /** Adds a row with its uploads and segments unless one exists. */
  restore(row: SessionRow, contents: SessionContents): Promise<void>;
  /** Applies an input atomically; null when the row is missing. Announces a change when the row changed. */
  apply(ref: SessionRef, input: SessionInput): Promise<Transition | null>;
  uploads(ref: SessionRef): Promise<UploadReceipt[]>;
  addUpload(ref: SessionRef, receipt: UploadReceipt): Promise<void>;
  segments(ref: SessionRef): Promise<SegmentEntry[]>;
  addSegments(ref: SessionRef, entries: readonly SegmentEntry[]): Promise<void>;
  segmentStatuses(ref: SessionRef): Promise<Map<string, SegmentStatus>>;
  markSegment(
    ref: SessionRef,
    segment: { track: TrackName; index: number },
    status: SegmentStatus,
  ): Promise<void>;
  /** Terminal state reached by the worker; true when this call made the change. */
  finish(
    ref: SessionRef,
    result: { status: 'completed' | 'partial' | 'failed'; completedAt: string },
  ): Promise<boolean>;
  /** Wakes whoever waits for a change of this session. */
  changed(ref: SessionRef): Promise<void>;
  /** Resolves at the next change, or after `ms`, or when the signal aborts. */
  waitForChange(ref: SessionRef, ms: number, signal: AbortSignal): Promise<void>;
  list(tenant: string, options: { cursor: string | null; limit: number }): Promise<SessionPage>;
  dueForExpiry(nowMs: number, limit: number): Promise<SessionRef[]>;
  remove(ref: SessionRef): Promise<void>;
  /** Takes or renews the lease of an epoch for `ttlMs`; false when a newer epoch holds it, or another node. */
  holdStream(ref: SessionRef, lease: StreamLease, ttlMs: number): Promise<boolean>;
  releaseStream(ref: SessionRef, lease: StreamLease): Promise<void>;
  liveStream(ref: SessionRef): Promise<StreamLease | null>;
  /** Tells the owner of a stream; `lease` names the owner when the index already holds a newer one. */
  notifyStream(notice: StreamNotice, lease?: StreamLease): Promise<void>;
  onStreamNotice(listener: (notice: StreamNotice) => void): void;
  /** False after the index was emptied, until `markComplete`. */
  isComplete(): Promise<boolean>;
  markComplete(): Promise<void>;
  close(): Promise<void>;
}

export interface SessionContents {
  readonly uploads: readonly UploadReceipt[];
  readonly segments: readonly SegmentEntry[];
  readonly statuses: ReadonlyMap<string, SegmentStatus>;
}

/** Puts work on the queue; failures are repaired by the reconciler, which reads the pending markers. */
export interface WorkQueue {
  decodeUploads(ref: SessionRef): Promise<void>;
  transcribe(document: SessionDocument, segments: readonly SegmentEntry[]): Promise<void>;
  /** Has the recordings of a call made. */
  renderRecording(ref: SessionRef): Promise<void>;
  /** Takes away what the queue holds for a session; resolves to the number of jobs. One that runs just now stays. */
  removeWork(ref: SessionRef, segments: readonly SegmentPlace[]): Promise<number>;
  announce(ref: SessionRef, event: Transition['announce'][number], occurredAt: string): Promise<void>;
}

/** Name of a segment in maps and in the index. */
export function segmentName(segment: { readonly track: TrackName; readonly index: number }): string {
  return `${segment.track}-${segment.index}`;
}

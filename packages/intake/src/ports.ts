import type { Gap, LIMITS, ProcessingIssue, SegmentEntry, StreamRecord, TrackName } from '@earshot/protocol';
import type { SessionIndex, Sessions, StreamNotice } from '@earshot/sessions';
import type { ObjectStore } from '@earshot/storage';

/** Clocks, timers and chance, so that a simulator can run the intake. */
export interface IntakeTime {
  /** Wall time, for records only. */
  now(): Date;
  /** Monotonic, ms. */
  elapsedMs(): number;
  /** Runs once after `ms`; the answer cancels it. */
  after(ms: number, run: () => void): () => void;
  /** 0 ≤ x < 1. */
  random(): number;
}

/** A structured log; fields never hold speech, stream ids or secrets. */
export interface IntakeLog {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

export type Transport = StreamRecord['transport'];
export type ClosedBy = StreamRecord['closedBy'];

/** What a node counts about its live streams. */
export interface IntakeMetrics {
  streamOpened(transport: Transport): void;
  /** A session's audio on this node is complete; the record says what came and what did not. */
  streamClosed(transport: Transport, record: StreamRecord): void;
  /** A segment's object is safe in storage; `bytes` is its size there. */
  segmentStored(bytes: number, cut: SegmentEntry['cut']): void;
}

/** The session use-cases that live audio needs. */
export type IntakeSessions = Pick<
  Sessions,
  | 'claimStream'
  | 'openClaims'
  | 'claimedElsewhere'
  | 'disclaim'
  | 'retractClaim'
  | 'standing'
  | 'fateOf'
  | 'recordSegments'
  | 'closeStream'
>;
export type IntakeIndex = Pick<SessionIndex, 'holdStream' | 'liveStream' | 'onStreamNotice'>;
export type SegmentStore = Pick<ObjectStore, 'put' | 'get' | 'remove' | 'listAll'>;

/** A decoded piece of audio. */
export interface IntakeFrame {
  readonly track: TrackName;
  readonly sampleRate: number;
  readonly samples: Int16Array;
}

/** Where a track stands, in samples. */
export interface TrackStanding {
  readonly track: TrackName;
  readonly sampleRate: number;
  readonly received: number;
  readonly durable: number;
  readonly archived: number;
}

/** Why a connection has to stop before its client wants to. */
export type HaltReason = StreamNotice['reason'] | 'shutdown' | 'no_room' | 'failed';

/** What a connection is told. */
export interface ConnectionListener {
  /**
   * Take no more audio. `superseded` and `erased`: the connection is fenced already. `end`, `shutdown` and
   * `no_room`: what is on its way may still be written for a moment; then call `finish`.
   */
  halt(reason: HaltReason, flushMs: number): void;
  /** Durable or archived positions have moved: at most once a commit. */
  progress(): void;
  segment(entry: SegmentEntry): void;
  warning(issue: ProcessingIssue): void;
  /** Called about once a second with monotonic ms. */
  tick(elapsedMs: number): void;
}

/** What told us how to read the stream; ids of the platform are metadata only. */
export type StreamFormat = Pick<
  StreamRecord,
  'dialect' | 'encoding' | 'bigEndian' | 'callId' | 'providerStreamId'
>;
export type StreamStats = Pick<
  StreamRecord,
  'frames' | 'malformedFrames' | 'duplicateFrames' | 'reorderedFrames' | 'oddBytes'
>;

/** How a connection ended. */
export interface ConnectionEnd {
  /** `stop`: the sender says that its audio is complete, so the tail is cut at once. */
  readonly closedBy: ClosedBy;
  readonly format: StreamFormat;
  readonly stats: StreamStats;
}

/** What is true when a connection's `finish` resolves. */
export interface ConnectionOutcome {
  /** Every sample taken is durable on this node. */
  readonly durable: boolean;
  /** Segments of the session that are stored when this is read, of this node's part. */
  readonly segments: number;
  readonly gaps: readonly Gap[];
}

/** One connection that feeds a session on this node. */
export interface Connection {
  readonly ref: { readonly tenant: string; readonly sessionId: string };
  readonly epoch: number;
  /** Samples written by this connection, silence in gaps not counted. */
  readonly receivedSamples: number;
  /** Events from now on go to the listener, and the halt that came before, if one did. */
  begin(listener: ConnectionListener): void;
  /** Every track of the session so far. */
  standing(): TrackStanding[];
  /**
   * Takes a frame. Throws `protocol_violation` when a track changes its rate, `payload_too_large` beyond the
   * longest stream, `stream_superseded` when a newer connection feeds the session, `insufficient_storage` when the
   * disk is full; the frame is then not taken.
   */
  write(frame: IntakeFrame): void;
  /** Notes samples that never came; silence takes their place when the track's next frame arrives. */
  gap(track: TrackName, samples: number, reason: Gap['reason']): void;
  warn(issue: ProcessingIssue): void;
  /** A promise while this node is behind: pause the source until it resolves; it never rejects. */
  room(): Promise<void> | undefined;
  /** Resolves when everything written so far is durable; rejects when it never will be. */
  durable(): Promise<void>;
  /**
   * The connection is over; the first call decides. With `stop`, or after a halt for `end`, the tail is cut and
   * everything goes to the object store in the background; otherwise the session waits for the next connection.
   * Resolves as soon as everything is durable here.
   */
  finish(end: ConnectionEnd): Promise<ConnectionOutcome>;
  /** Resolves when everything of this session on this node is archived and recorded, after a `stop` or an End; or after `ms`. */
  archived(ms: number): Promise<boolean>;
}

export interface OpenOptions {
  readonly transport: Transport;
  /** The sender has nothing below this position of its only track any more. */
  readonly from?: number;
}

/** The live audio of one node. */
export interface IntakeHost {
  /**
   * Joins a connection to its session: the newest wins, and goes on where the last one stood. Rejects with the
   * session's refusal, `service_unavailable`, `insufficient_storage` or `shutting_down`.
   */
  open(
    ref: { readonly tenant: string; readonly sessionId: string },
    options: OpenOptions,
  ): Promise<Connection>;
  /** Where a session stands on this node or in storage, for a sender that wants to go on over HTTP. */
  standing(ref: { readonly tenant: string; readonly sessionId: string }): Promise<TrackStanding[]>;
  /** Connections open or being opened. */
  readonly liveCount: number;
  /** Bytes of audio that wait for the object store. */
  readonly backlogBytes: number;
  /** Takes up what an earlier process left in the journal; resolves when each of its sessions can be resumed. */
  recover(): Promise<void>;
  /** Halts all connections, stores what can be stored, leaves the rest to the next start; resolves within `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
}

type LimitName =
  | 'maxConcurrentPuts'
  | 'maxLiveStreams'
  | 'maxStreamBytes'
  | 'maxStreamGaps'
  | 'maxStreamWarnings'
  | 'streamFlushMs'
  | 'streamResumeMs'
  | 'streamLeaseMs'
  | 'streamLeaseRenewMs';

/** `LIMITS` unless a process or a test narrows one. */
export type IntakeLimits = { readonly [Name in LimitName & keyof typeof LIMITS]: number };

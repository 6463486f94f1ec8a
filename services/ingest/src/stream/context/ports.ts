import type { LIMITS, SegmentEntry, StreamRecord } from '@earshot/protocol';
import type { Sessions } from '@earshot/sessions';
import type { ObjectStore } from '@earshot/storage';
import type { StorageSlots } from './storage-slots.ts';

/** Wall time for records, monotonic time for everything that waits. */
export interface StreamClock {
  now(): Date;
  /** Monotonic, ms. */
  elapsedMs(): number;
}

/** A structured log; fields never hold speech, stream ids or secrets. */
export interface StreamLog {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

export type Transport = StreamRecord['transport'];
export type ClosedBy = StreamRecord['closedBy'];

/** What a node counts about its live streams. */
export interface StreamMetrics {
  streamOpened(transport: Transport): void;
  /** A connection has ended; the record says what came and what did not. */
  streamClosed(transport: Transport, record: StreamRecord): void;
  /** A segment's object is safe in storage; `bytes` is its size there. */
  segmentStored(bytes: number, cut: SegmentEntry['cut']): void;
  /** Bytes as they came over the wire, without framing. */
  bytesReceived(transport: Transport, bytes: number): void;
}

export type StreamSessions = Pick<Sessions, 'findStream' | 'openStream' | 'recordSegments' | 'closeStream'>;
export type SegmentStore = Pick<ObjectStore, 'put' | 'get' | 'remove' | 'listAll'>;

type LimitName =
  | 'intakeHighWaterBytes'
  | 'nodeHighWaterBytes'
  | 'maxLiveStreams'
  | 'maxStreamBytes'
  | 'maxStreamGaps'
  | 'maxStreamWarnings'
  | 'streamFlushMs'
  | 'streamDrainMs'
  | 'closeHandshakeMs'
  | 'pingIntervalMs'
  | 'streamIdleMs'
  | 'maxSocketBufferedBytes'
  | 'maxEmptyFramesPerSecond'
  | 'streamLeaseMs'
  | 'streamLeaseRenewMs';

/** The limits of live streams; `LIMITS` unless a test narrows one. */
export type StreamLimits = { readonly [Name in LimitName & keyof typeof LIMITS]: number };

/** How segments are cut; the segmenter's own defaults where left out. */
export interface CutSettings {
  readonly policy?: 'first' | 'longest' | 'decay';
  readonly minSeconds?: number;
  readonly maxSeconds?: number;
  readonly minPauseMs?: number;
}

/** A connection's lease on its session, which is renewed until the session lets the connection go. */
export interface LeaseHold {
  /** No renewal is under way or begins any more, so that a released lease stays released. */
  suspend(): Promise<void>;
  resume(): void;
}

/** What an intake needs from the node. */
export interface IntakeContext {
  readonly sessions: StreamSessions;
  readonly store: SegmentStore;
  readonly slots: StorageSlots;
  readonly limits: StreamLimits;
  readonly clock: StreamClock;
  readonly log: StreamLog;
  readonly metrics: StreamMetrics;
  readonly cut: CutSettings;
}

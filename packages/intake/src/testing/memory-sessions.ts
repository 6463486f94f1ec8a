import {
  EarshotError,
  type SegmentEntry,
  type SessionRef,
  type StreamClaim,
  type StreamRecord,
} from '@earshot/protocol';
import { type ClaimedStream, coverageOf, type StreamNotice, type TrackPosition } from '@earshot/sessions';
import type { IntakeIndex, IntakeSessions } from '../ports.ts';

/** One stream session as the double keeps it. */
export interface MemorySession {
  readonly ref: SessionRef;
  readonly records: StreamRecord[];
  readonly segments: SegmentEntry[];
  epoch: number;
  fate: 'open' | 'ending' | 'over' | 'gone';
  /** What `claimStream` answers with instead. */
  refusal: EarshotError | undefined;
  /** What it tells the node that it left then. */
  left: StreamClaim | undefined;
}

/** Sessions and their index in memory, for tests that need neither Redis nor documents. */
export interface MemorySessions extends IntakeSessions, IntakeIndex {
  add(sessionId: string): MemorySession;
  notify(notice: StreamNotice): void;
  /** Runs before each closeStream; may throw. */
  beforeClose: () => void | Promise<void>;
}

export function createMemorySessions(): MemorySessions {
  const known = new Map<string, MemorySession>();
  const listeners: ((notice: StreamNotice) => void)[] = [];
  const find = (ref: SessionRef): MemorySession => {
    const session = known.get(ref.sessionId);
    if (session === undefined) throw new EarshotError('session_not_found');
    return session;
  };
  const sessions: MemorySessions = {
    beforeClose: () => undefined,
    add(sessionId) {
      const ref = { tenant: 'clinic', sessionId };
      const session: MemorySession = {
        ref,
        records: [],
        segments: [],
        epoch: 0,
        fate: 'open',
        refusal: undefined,
        left: undefined,
      };
      known.set(sessionId, session);
      return session;
    },
    notify(notice) {
      for (const listener of listeners) listener(notice);
    },
    async claimStream(ref, { above, left }) {
      const session = find(ref);
      if (session.left !== undefined) left?.(session.left);
      if (session.refusal !== undefined) throw session.refusal;
      session.epoch = Math.max(session.epoch, above) + 1;
      return await Promise.resolve({ ref, epoch: session.epoch, document: documentOf(ref) });
    },
    openClaims: () => Promise.resolve([]),
    claimedElsewhere: () => Promise.resolve(false),
    disclaim: () => Promise.resolve(),
    retractClaim: () => Promise.resolve(),
    standing(ref) {
      const { segments, records } = find(ref);
      return Promise.resolve({ tracks: positions(segments, records), segments });
    },
    fateOf(ref) {
      const { fate, epoch } = find(ref);
      return Promise.resolve({ fate, epoch });
    },
    recordSegments(ref, entries) {
      find(ref).segments.push(...entries);
      return Promise.resolve();
    },
    async closeStream(ref, record) {
      await sessions.beforeClose();
      find(ref).records.push(record);
    },
    liveStream: () => Promise.resolve(null),
    holdStream: (ref, lease) => Promise.resolve(find(ref).epoch <= lease.epoch),
    onStreamNotice: (listener) => listeners.push(listener),
  };
  return sessions;
}

function positions(segments: readonly SegmentEntry[], records: readonly StreamRecord[]): TrackPosition[] {
  const gaps = records.flatMap((record) => record.gaps);
  return coverageOf(segments, gaps).map(({ track, sampleRate, receivedSamples }) => ({
    track,
    sampleRate,
    nextSample: receivedSamples,
    nextIndex: segments.filter((segment) => segment.track === track).length,
  }));
}

function documentOf({ tenant, sessionId }: SessionRef): ClaimedStream['document'] {
  return {
    v: 1,
    tenant,
    sessionId,
    streamId: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    expiresAt: '2026-01-01T01:00:00.000Z',
    createdBy: 'key_test',
    test: true,
    userStatus: null,
    processingStatus: null,
    request: {
      upload_type: 'stream',
      templates: [],
      session_mode: 'dictation',
      model: 'lite',
      language_hint: [],
      transcript_language: [],
      additional_data: {},
      patient_details: null,
    },
  };
}

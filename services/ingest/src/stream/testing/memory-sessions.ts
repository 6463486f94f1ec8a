import { EarshotError, type SegmentEntry, type SessionRef, type StreamRecord } from '@earshot/protocol';
import type { OpenedStream, SessionIndex, StreamNotice } from '@earshot/sessions';
import type { StreamSessions } from '../context/ports.ts';

/** One stream session as the double keeps it. */
export interface MemorySession {
  readonly ref: SessionRef;
  readonly records: StreamRecord[];
  readonly segments: SegmentEntry[];
  epoch: number;
  /** What `openStream` answers with instead of opening. */
  refusal: EarshotError | undefined;
}

/** Sessions and their index in memory, for tests that need neither Redis nor documents. */
export interface MemorySessions extends StreamSessions, Pick<SessionIndex, 'holdStream' | 'onStreamNotice'> {
  /** Makes a session that `streamId` may feed. */
  add(streamId: string, sessionId: string): MemorySession;
  notify(notice: StreamNotice): void;
  /** Runs before each closeStream; may throw. */
  beforeClose: () => void | Promise<void>;
}

export function createMemorySessions(): MemorySessions {
  const byStream = new Map<string, MemorySession>();
  const listeners: ((notice: StreamNotice) => void)[] = [];
  const find = (ref: SessionRef): MemorySession => {
    const session = [...byStream.values()].find((one) => one.ref.sessionId === ref.sessionId);
    if (session === undefined) throw new EarshotError('session_not_found');
    return session;
  };
  const sessions: MemorySessions = {
    beforeClose: () => undefined,
    add(streamId, sessionId) {
      const ref = { tenant: 'clinic', sessionId };
      const session: MemorySession = { ref, records: [], segments: [], epoch: 0, refusal: undefined };
      byStream.set(streamId, session);
      return session;
    },
    notify(notice) {
      for (const listener of listeners) listener(notice);
    },
    findStream(streamId) {
      const session = byStream.get(streamId);
      if (session === undefined) return Promise.reject(new EarshotError('session_not_found'));
      return Promise.resolve(session.ref);
    },
    async openStream(ref) {
      const session = find(ref);
      if (session.refusal !== undefined) throw session.refusal;
      const older = session.epoch;
      session.epoch += 1;
      const epoch = session.epoch;
      if (older > session.records.length) {
        sessions.notify({ ref, reason: 'superseded', epoch: older });
        await waitFor(() => session.records.some((record) => record.epoch === older));
      }
      return opened(session, epoch);
    },
    recordSegments(ref, entries) {
      find(ref).segments.push(...entries);
      return Promise.resolve();
    },
    async closeStream(ref, record) {
      await sessions.beforeClose();
      find(ref).records.push(record);
    },
    holdStream: (ref, lease) => Promise.resolve(find(ref).epoch <= lease.epoch),
    onStreamNotice: (listener) => listeners.push(listener),
  };
  return sessions;
}

function opened(session: MemorySession, epoch: number): OpenedStream {
  const tracks = new Map<string, OpenedStream['tracks'][number]>();
  for (const { track, sampleRate, firstSample, samples, index } of session.segments) {
    tracks.set(track, { track, sampleRate, nextSample: firstSample + samples, nextIndex: index + 1 });
  }
  const { tenant, sessionId } = session.ref;
  return { ref: session.ref, document: documentOf(tenant, sessionId), epoch, tracks: [...tracks.values()] };
}

function documentOf(tenant: string, sessionId: string): OpenedStream['document'] {
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

async function waitFor(look: () => boolean): Promise<void> {
  for (let tries = 0; tries < 250 && !look(); tries += 1) await new Promise((done) => setTimeout(done, 10));
}

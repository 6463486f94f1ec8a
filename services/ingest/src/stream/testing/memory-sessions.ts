import { EarshotError, type SessionRef } from '@earshot/protocol';
import type { EdgeContext } from '../edge-context.ts';

type Row = Awaited<ReturnType<EdgeContext['sessions']['load']>>;

/** Streams and the sessions that they lead to, in memory. */
export interface MemorySessions {
  readonly sessions: EdgeContext['sessions'];
  /** Makes a session that `streamId` may feed. */
  add(streamId: string, sessionId: string): SessionRef;
  /** What a session is from now on. */
  change(sessionId: string, change: Partial<Pick<Row, 'status' | 'ending'>>): void;
}

export function createMemorySessions(): MemorySessions {
  const byStream = new Map<string, SessionRef>();
  const rows = new Map<string, Row>();
  const rowOf = (ref: SessionRef): Row => {
    const row = rows.get(ref.sessionId);
    if (row === undefined) throw new EarshotError('session_not_found');
    return row;
  };
  return {
    sessions: {
      findStream(streamId) {
        const ref = byStream.get(streamId);
        if (ref !== undefined) return Promise.resolve(ref);
        return Promise.reject(new EarshotError('session_not_found', { message: 'No such stream.' }));
      },
      load: (ref) => Promise.resolve().then(() => rowOf(ref)),
      standing: (ref) =>
        Promise.resolve().then(() => {
          rowOf(ref);
          return {
            tracks: [{ track: 'main', sampleRate: 16_000, nextSample: 50, nextIndex: 1 }],
            segments: [],
          };
        }),
    },
    add(streamId, sessionId) {
      const ref = { tenant: 'clinic', sessionId };
      byStream.set(streamId, ref);
      rows.set(sessionId, newRow(ref));
      return ref;
    },
    change(sessionId, change) {
      const row = rows.get(sessionId);
      if (row !== undefined) rows.set(sessionId, { ...row, ...change });
    },
  };
}

function newRow({ tenant, sessionId }: SessionRef): Row {
  return {
    status: 'created',
    epoch: 0,
    ending: false,
    endedAt: null,
    completedAt: null,
    expiredAt: null,
    rebuiltAt: null,
    document: {
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
    },
  };
}

import { CreateSessionRequest, EarshotError, type SessionDocument } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newRow, type SessionInput, type SessionRow, transition } from './machine.ts';

const at = '2026-01-01T00:00:00.000Z';
const document: SessionDocument = {
  v: 1,
  tenant: 'clinic',
  sessionId: 'ses_0123456789abcdef',
  streamId: null,
  createdAt: at,
  expiresAt: '2026-01-01T01:00:00.000Z',
  createdBy: 'key_1',
  test: false,
  request: CreateSessionRequest.parse({}),
  userStatus: null,
  processingStatus: null,
};

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof EarshotError) return error.code;
    throw error;
  }
  return 'accepted';
};

const after = (...inputs: SessionInput[]): SessionRow =>
  inputs.reduce((row, input) => transition(row, input).row, newRow(document));

describe('the session state machine', () => {
  it('goes from created over recording and processing to a result, announcing each step once', () => {
    const announced: string[] = [];
    let row = newRow(document);
    const inputs: SessionInput[] = [
      { type: 'stream' },
      { type: 'audio' },
      { type: 'ending' },
      { type: 'ended', at },
      { type: 'ended', at },
      { type: 'finished', status: 'partial', at },
      { type: 'finished', status: 'completed', at },
    ];
    const states = inputs.map((input) => {
      const next = transition(row, input);
      row = next.row;
      announced.push(...next.announce);
      return row.status;
    });
    expect(states).toEqual([
      'recording',
      'recording',
      'recording',
      'processing',
      'processing',
      'partial',
      'partial',
    ]);
    expect(announced).toEqual(['session.started', 'session.ended', 'session.partial']);
  });

  it('refuses audio with the code of the state that it is in', () => {
    const audio: SessionInput = { type: 'audio' };
    expect(codeOf(() => transition(after({ type: 'ending' }), audio))).toBe('session_ended');
    expect(codeOf(() => transition(after({ type: 'ended', at }), audio))).toBe('session_ended');
    const done = after({ type: 'ended', at }, { type: 'finished', status: 'failed', at });
    expect(codeOf(() => transition(done, audio))).toBe('session_completed');
    expect(codeOf(() => transition(after({ type: 'expired', at }), { type: 'stream' }))).toBe(
      'session_expired',
    );
  });

  it('counts an epoch for every stream and none for uploads', () => {
    expect(after({ type: 'audio' }).epoch).toBe(0);
    expect(after({ type: 'stream' }, { type: 'stream' }).epoch).toBe(2);
  });

  it('does not expire a session that has ended', () => {
    expect(after({ type: 'ended', at }, { type: 'expired', at }).status).toBe('processing');
  });

  it('never leaves a result and never lowers the epoch, whatever arrives', () => {
    const input = fc.constantFrom<SessionInput>(
      { type: 'audio' },
      { type: 'stream' },
      { type: 'ending' },
      { type: 'ended', at },
      { type: 'finished', status: 'completed', at },
      { type: 'finished', status: 'failed', at },
      { type: 'expired', at },
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 12 }), (inputs) => {
        let row = newRow(document);
        for (const next of inputs) {
          const before = row;
          codeOf(() => {
            row = transition(row, next).row;
          });
          expect(row.epoch).toBeGreaterThanOrEqual(before.epoch);
          if (before.completedAt !== null) expect(row.status).toBe(before.status);
        }
      }),
    );
  });
});

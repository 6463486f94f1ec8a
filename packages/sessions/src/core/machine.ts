import { EarshotError, type SessionDocument, type WebhookEvent } from '@earshot/protocol';

export type SessionState =
  | 'created'
  | 'recording'
  | 'processing'
  | 'completed'
  | 'partial'
  | 'failed'
  | 'expired';

/** One row of the index: all that is needed to judge what a session may do next. */
export interface SessionRow {
  readonly document: SessionDocument;
  readonly status: SessionState;
  /** Counts the connections that fed the session; 0 before the first. */
  readonly epoch: number;
  /** End was asked for and its manifest is being written: no new stream may begin. */
  readonly ending: boolean;
  readonly endedAt: string | null;
  readonly completedAt: string | null;
  readonly expiredAt: string | null;
  /** When the row was read back from the object store; its leases and newest epoch may be unknown for a moment then. */
  readonly rebuiltAt: string | null;
}

export type SessionInput =
  | { readonly type: 'audio' }
  /** `above`: an epoch that was given out already, though this row may not know it. */
  | { readonly type: 'stream'; readonly above?: number }
  | { readonly type: 'ending' }
  | { readonly type: 'ended'; readonly at: string }
  | { readonly type: 'finished'; readonly status: 'completed' | 'partial' | 'failed'; readonly at: string }
  | { readonly type: 'expired'; readonly at: string }
  | { readonly type: 'described'; readonly document: SessionDocument };

export interface Transition {
  readonly row: SessionRow;
  /** Events that this change must announce to webhooks. */
  readonly announce: readonly WebhookEvent[];
}

const same = (row: SessionRow): Transition => ({ row, announce: [] });

/** Refuses audio and streams in states that cannot take them, with the protocol's own codes. */
export function refuseUnlessOpen(row: SessionRow): void {
  const details = { session_id: row.document.sessionId };
  switch (row.status) {
    case 'created':
    case 'recording':
      if (row.ending) throw new EarshotError('session_ended', { details });
      return;
    case 'processing':
      throw new EarshotError('session_ended', { details });
    case 'expired':
      throw new EarshotError('session_expired', { details: { ...details, expired_at: row.expiredAt } });
    case 'completed':
    case 'partial':
    case 'failed':
      throw new EarshotError('session_completed', { details });
  }
}

/**
 * The session's state machine: `created → recording → processing → completed | partial | failed`, and
 * `created | recording → expired`. Inputs that come late or twice change nothing; audio in a closed
 * session is refused.
 */
export function transition(row: SessionRow, input: SessionInput): Transition {
  switch (input.type) {
    case 'audio':
      refuseUnlessOpen(row);
      return row.status === 'recording' ? same(row) : started(row, row.epoch);
    case 'stream':
      refuseUnlessOpen(row);
      return row.status === 'recording'
        ? same({ ...row, epoch: nextEpoch(row, input.above) })
        : started(row, nextEpoch(row, input.above));
    case 'ending':
      if (row.status === 'created' || row.status === 'recording') return same({ ...row, ending: true });
      return same(row);
    case 'ended':
      if (isOver(row) || row.status === 'processing') return same(row);
      return {
        row: { ...row, status: 'processing', ending: true, endedAt: input.at },
        announce: ['session.ended'],
      };
    case 'finished':
      if (isOver(row)) return same(row);
      return {
        row: { ...row, status: input.status, ending: true, completedAt: input.at },
        announce: [`session.${input.status}`],
      };
    case 'expired':
      if (row.status !== 'created' && row.status !== 'recording') return same(row);
      return { row: { ...row, status: 'expired', expiredAt: input.at }, announce: ['session.expired'] };
    case 'described':
      return same({ ...row, document: input.document });
  }
}

function nextEpoch(row: SessionRow, above = 0): number {
  return Math.max(row.epoch, above) + 1;
}

function started(row: SessionRow, epoch: number): Transition {
  return { row: { ...row, status: 'recording', epoch }, announce: ['session.started'] };
}

/** True when the session has reached a result; an expired session without manifest is not over for End's sake. */
function isOver(row: SessionRow): boolean {
  return row.status === 'completed' || row.status === 'partial' || row.status === 'failed';
}

/** The row of a session that was just created. */
export function newRow(document: SessionDocument): SessionRow {
  return {
    document,
    status: 'created',
    epoch: 0,
    ending: false,
    endedAt: null,
    completedAt: null,
    expiredAt: null,
    rebuiltAt: null,
  };
}

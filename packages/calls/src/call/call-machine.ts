import {
  type CallDirection,
  type CallEndReason,
  type CallState,
  type EventType,
  LIMITS,
} from '@earshot/protocol';

/** All that is needed to judge what a call may do next. Fields in `Ms` are of one monotonic clock, `At` are ISO times. */
export interface CallRow {
  readonly direction: CallDirection;
  readonly state: CallState;
  readonly muted: boolean;
  readonly startedMs: number;
  /** When somebody here accepted an inbound call. */
  readonly acceptedMs: number | null;
  readonly connectedAt: string | null;
  readonly connectedMs: number | null;
  /** Since when the media link is down; null while it is up, and before there was one. */
  readonly unlinkedMs: number | null;
  readonly endedAt: string | null;
  readonly reason: CallEndReason | null;
}

export type CallInput =
  /** At the peer for a call that is placed, here for one that comes in. */
  | { readonly type: 'ringing' }
  | { readonly type: 'accepted'; readonly atMs: number }
  /** Media flows: for the first time, or again, or by a newer link. */
  | { readonly type: 'connected'; readonly at: string; readonly atMs: number }
  | { readonly type: 'unlinked'; readonly atMs: number }
  | { readonly type: 'muted'; readonly muted: boolean }
  | { readonly type: 'ended'; readonly reason: CallEndReason; readonly at: string }
  /** Time has passed: ends what is due. */
  | { readonly type: 'clock'; readonly at: string; readonly atMs: number };

export interface CallTransition {
  readonly row: CallRow;
  /** Events that this change must announce, in this order. */
  readonly announce: readonly EventType[];
}

/** When a call ends by itself, and why. */
export interface CallDue {
  readonly atMs: number;
  readonly reason: CallEndReason;
}

/** The row of a call that was just begun, in state `initiating`. */
export function newCall(start: { readonly direction: CallDirection; readonly atMs: number }): CallRow {
  return {
    direction: start.direction,
    state: 'initiating',
    muted: false,
    startedMs: start.atMs,
    acceptedMs: null,
    connectedAt: null,
    connectedMs: null,
    unlinkedMs: null,
    endedAt: null,
    reason: null,
  };
}

/**
 * The call's state machine: `initiating → ringing → active → ended`, where states may be left out but never come again.
 * Null: the input changes nothing in this state, or is not allowed in it.
 */
export function transitionCall(row: CallRow, input: CallInput): CallTransition | null {
  if (row.state === 'ended') return null;
  switch (input.type) {
    case 'ringing':
      return row.state === 'initiating' ? step({ ...row, state: 'ringing' }, 'call.ringing') : null;
    case 'accepted':
      return mayAccept(row) ? step({ ...row, acceptedMs: input.atMs }) : null;
    case 'connected':
      return row.state === 'active' ? step({ ...row, unlinkedMs: null }) : connected(row, input);
    case 'unlinked':
      if (row.state !== 'active' || row.unlinkedMs !== null) return null;
      return step({ ...row, unlinkedMs: input.atMs });
    case 'muted':
      return row.muted === input.muted ? null : step({ ...row, muted: input.muted }, 'call.muted');
    case 'ended':
      return ended(row, input);
    case 'clock': {
      const due = callDue(row);
      if (due === null || input.atMs < due.atMs) return null;
      return ended(row, { reason: due.reason, at: input.at });
    }
  }
}

/**
 * When nothing else happens: a call that nobody answers ends after LIMITS.callRingSeconds, one that was accepted and
 * never connected or whose link is down after LIMITS.callPeerGoneMs, every other after LIMITS.maxCallSeconds. Null once
 * it has ended.
 */
export function callDue(row: CallRow): CallDue | null {
  if (row.state === 'ended') return null;
  if (row.connectedMs === null) {
    if (row.acceptedMs !== null) return { atMs: row.acceptedMs + LIMITS.callPeerGoneMs, reason: 'failed' };
    return { atMs: row.startedMs + LIMITS.callRingSeconds * 1000, reason: 'no_answer' };
  }
  const longest: CallDue = { atMs: row.connectedMs + LIMITS.maxCallSeconds * 1000, reason: 'hangup' };
  if (row.unlinkedMs === null) return longest;
  const gone: CallDue = { atMs: row.unlinkedMs + LIMITS.callPeerGoneMs, reason: 'peer_gone' };
  return gone.atMs < longest.atMs ? gone : longest;
}

function step(row: CallRow, ...announce: readonly EventType[]): CallTransition {
  return { row, announce };
}

function mayAccept(row: CallRow): boolean {
  return row.direction === 'inbound' && row.connectedMs === null && row.acceptedMs === null;
}

function connected(row: CallRow, link: { readonly at: string; readonly atMs: number }): CallTransition {
  const { at, atMs } = link;
  return step({ ...row, state: 'active', connectedAt: at, connectedMs: atMs }, 'call.connected');
}

function ended(row: CallRow, end: { readonly reason: CallEndReason; readonly at: string }): CallTransition {
  const over: CallRow = { ...row, state: 'ended', endedAt: end.at, reason: end.reason };
  return isMissed(over) ? step(over, 'call.missed', 'call.ended') : step(over, 'call.ended');
}

/** Nobody here took the call, and nobody here refused it either. */
function isMissed({ direction, acceptedMs, connectedMs, reason }: CallRow): boolean {
  const unanswered = direction === 'inbound' && acceptedMs === null && connectedMs === null;
  return unanswered && reason !== 'rejected' && reason !== 'hangup';
}

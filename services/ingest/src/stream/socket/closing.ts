import type { ClosedBy, HaltReason } from '@earshot/intake';
import { EarshotError, ERRORS, type ErrorCode, type ProcessingIssue } from '@earshot/protocol';

/** RFC 6455 section 5.5: a close frame's payload is at most 125 bytes, two of them the code. */
const MAX_REASON_BYTES = 123;

/** How a socket is closed, and how its record says it ended. */
export interface Closing {
  readonly closedBy: ClosedBy;
  readonly code: number;
  readonly reason: string;
  /** What the record keeps of it. */
  readonly issue?: ProcessingIssue;
  /** The refusal that an acknowledged client is told in full. */
  readonly error?: EarshotError;
  /** True when waiting for what came to become durable is pointless. */
  readonly atOnce?: true;
}

export const STOPPED: Closing = { closedBy: 'stop', code: 1000, reason: '' };
export const CLIENT_CLOSED: Closing = { closedBy: 'client', code: 1000, reason: '' };
const RESTARTING: Closing = {
  closedBy: 'server',
  code: ERRORS.shutting_down.closeCode,
  reason: ERRORS.shutting_down.message,
};

/** The close frame for a catalogue code. */
export function closingFor(
  code: ErrorCode,
  closedBy: ClosedBy,
  message: string = ERRORS[code].message,
): Closing {
  const error = new EarshotError(code, { message });
  return { closedBy, code: ERRORS[code].closeCode, reason: closeReason(message), error };
}

/** The close frame for an error thrown while a message was taken; the record keeps the code. */
export function closingForError(error: unknown): Closing {
  if (!(error instanceof EarshotError)) return closingFor('internal_error', 'error');
  const { code, message, details } = error;
  if (code === 'stream_superseded') return closingForHalt('superseded');
  return {
    closedBy: 'error',
    code: ERRORS[code].closeCode,
    reason: closeReason(message),
    error,
    issue: { type: code, message, ...(details ? { details: { ...details } } : {}) },
  };
}

/** The record of a socket that broke the WebSocket protocol itself; the library has closed it already. */
export function closingForBrokenSocket(code: string): Closing {
  const error = code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'payload_too_large' : 'protocol_violation';
  return {
    ...closingFor(error, 'error'),
    issue: { type: error, message: 'The client broke the WebSocket protocol.', details: { reason: code } },
  };
}

/** The close frame for a stream that has to stop. */
export function closingForHalt(reason: HaltReason): Closing {
  switch (reason) {
    case 'superseded':
      return { ...closingFor('stream_superseded', 'superseded'), atOnce: true };
    case 'erased':
      return { ...closingFor('session_not_found', 'server'), atOnce: true };
    case 'no_room':
      return closingFor('insufficient_storage', 'server');
    case 'shutdown':
      return RESTARTING;
    case 'failed':
      // A process whose disk fails leaves as well, and the client finds the next one.
      return { ...RESTARTING, atOnce: true };
    case 'end':
      return { closedBy: 'server', code: 1000, reason: 'The session has ended.' };
  }
}

/** At most 123 bytes of UTF-8, cut between characters. */
export function closeReason(text: string): string {
  const bytes = new TextEncoder().encode(text).subarray(0, MAX_REASON_BYTES);
  return new TextDecoder().decode(bytes, { stream: true });
}

import { EarshotError, ERRORS, type ErrorCode, type ProcessingIssue } from '@earshot/protocol';
import type { ClosedBy } from '../context/ports.ts';
import type { HaltReason } from '../live/live-streams.ts';

/** RFC 6455 section 5.5: a close frame's payload is at most 125 bytes, two of them the code. */
const MAX_REASON_BYTES = 123;

/** How a socket is closed, and how its record says it ended. */
export interface Closing {
  readonly closedBy: ClosedBy;
  readonly code: number;
  readonly reason: string;
  readonly issue?: ProcessingIssue;
}

export const STOPPED: Closing = { closedBy: 'stop', code: 1000, reason: '' };
export const CLIENT_CLOSED: Closing = { closedBy: 'client', code: 1000, reason: '' };

/** The close frame for a catalogue code. */
export function closingFor(
  code: ErrorCode,
  closedBy: ClosedBy,
  message: string = ERRORS[code].message,
): Closing {
  return { closedBy, code: ERRORS[code].closeCode, reason: closeReason(message) };
}

/** The close frame for an error thrown while a message was taken; the record keeps the code. */
export function closingForError(error: unknown): Closing {
  if (!(error instanceof EarshotError)) return closingFor('internal_error', 'error');
  return {
    ...closingFor(error.code, 'error', error.message),
    issue: {
      type: error.code,
      message: error.message,
      ...(error.details ? { details: { ...error.details } } : {}),
    },
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
      return closingFor('stream_superseded', 'superseded');
    case 'shutdown':
      return closingFor('shutting_down', 'server');
    case 'erased':
    case 'end':
      return { closedBy: 'server', code: 1000, reason: 'The session has ended.' };
  }
}

/** At most 123 bytes of UTF-8, cut between characters. */
export function closeReason(text: string): string {
  const bytes = new TextEncoder().encode(text).subarray(0, MAX_REASON_BYTES);
  return new TextDecoder().decode(bytes, { stream: true });
}

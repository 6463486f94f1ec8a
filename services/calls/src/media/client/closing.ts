import { ERRORS, type ErrorCode } from '@earshot/protocol';

/** RFC 6455 section 5.5: a close frame's payload is at most 125 bytes, two of them the code. */
const MAX_REASON_BYTES = 123;

/** How a media socket is closed. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
  /** For logs and counters. */
  readonly outcome: 'ended' | 'left' | 'lost' | ErrorCode;
}

export const CALL_ENDED: Closing = { code: 1000, reason: 'The call has ended.', outcome: 'ended' };
/** The client closed the socket itself. */
export const CLIENT_LEFT: Closing = { code: 1000, reason: '', outcome: 'left' };
/** The connection broke, or nobody answers on it. */
export const CLIENT_LOST: Closing = { code: 1001, reason: '', outcome: 'lost' };
export const SUPERSEDED: Closing = {
  ...closingFor('stream_superseded'),
  reason: 'A newer client talks on this call.',
};

/** The close frame for a code of the catalogue. */
export function closingFor(code: ErrorCode, message: string = ERRORS[code].message): Closing {
  const bytes = new TextEncoder().encode(message).subarray(0, MAX_REASON_BYTES);
  const reason = new TextDecoder().decode(bytes, { stream: true });
  return { code: ERRORS[code].closeCode, reason, outcome: code };
}

/** How a stream ended: a close code (RFC 6455 section 7.4) and why. */
export interface StreamEnd {
  readonly code: number;
  readonly reason: string;
  /** HTTP status, when the server refused a request or an upgrade. */
  readonly status?: number;
}

/**
 * How far a stream is, in samples from the beginning of the session's audio. The last three come from the server's
 * acks and stay where the stream began on servers that send none.
 */
export interface StreamProgress {
  /** Taken by `send`. */
  readonly accepted: number;
  /** Given to the network at least once. */
  readonly sent: number;
  /** In the server's memory. */
  readonly received: number;
  /** On the server's disk: survives a crash there. */
  readonly durable: number;
  /** In the object store, verified. */
  readonly archived: number;
}

/** The stream ended before it should; `progress` says what is safe on the server. */
export class StreamClosedError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly status: number | undefined;
  readonly progress: StreamProgress | undefined;

  constructor(end: StreamEnd, progress?: StreamProgress) {
    const safe =
      progress === undefined ? '' : ` ${progress.durable} of ${progress.accepted} samples are durable.`;
    super(`The stream was closed with ${end.code}${end.reason === '' ? '' : ` (${end.reason})`}.${safe}`);
    this.name = 'StreamClosedError';
    this.code = end.code;
    this.reason = end.reason;
    this.status = end.status;
    this.progress = progress;
  }
}

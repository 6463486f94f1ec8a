/** Thrown by a handler: put this job off for `delayMs` without using up an attempt. */
export class RetryLater extends Error {
  readonly delayMs: number;

  constructor(delayMs: number, reason = 'put off') {
    super(reason);
    this.name = 'RetryLater';
    this.delayMs = delayMs;
  }
}

/** Thrown by a handler: no further attempt can help. `reason` is kept with the failed job. */
export class GiveUp extends Error {
  readonly reason: string;

  constructor(reason: string, options: { cause?: unknown } = {}) {
    super(reason, options);
    this.name = 'GiveUp';
    this.reason = reason;
  }
}

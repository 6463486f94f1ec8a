/** Why an engine gave no result, and by that what a job should do next. */
export type EngineFault =
  /** Try again after the wait. */
  | { readonly kind: 'rate-limited'; readonly retryAfterMs: number }
  /** Try again with the usual back-off. */
  | { readonly kind: 'transient'; readonly cause: string }
  /** This audio or this option will never be taken. */
  | { readonly kind: 'rejected'; readonly cause: string }
  /** Model, program or key is missing or wrong: a person must act. */
  | { readonly kind: 'misconfigured'; readonly cause: string }
  /** The engine's process died; a second time on the same audio is the audio's fault. */
  | { readonly kind: 'crashed'; readonly exit: string }
  | { readonly kind: 'aborted' };

function sentence(fault: EngineFault): string {
  switch (fault.kind) {
    case 'rate-limited':
      return `The engine asked to wait ${fault.retryAfterMs} ms.`;
    case 'crashed':
      return `The engine's process ended (${fault.exit}).`;
    case 'aborted':
      return 'The transcription was aborted.';
    case 'transient':
    case 'rejected':
    case 'misconfigured':
      return fault.cause;
  }
}

/** The only error an engine rejects with. Its message holds no speech, no key and no path of a temporary file. */
export class EngineError extends Error {
  readonly fault: EngineFault;

  constructor(fault: EngineFault, options: { cause?: unknown } = {}) {
    super(sentence(fault), options);
    this.name = 'EngineError';
    this.fault = fault;
  }

  /** True when the same audio may succeed later. */
  get retryable(): boolean {
    const { kind } = this.fault;
    return kind === 'rate-limited' || kind === 'transient' || kind === 'crashed' || kind === 'aborted';
  }
}

/** Throws `aborted` when the signal already says so. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new EngineError({ kind: 'aborted' });
}

import { LIMITS, type SessionFinished, type SessionInProgress } from '@earshot/protocol';
import { EarshotApiError, EarshotConnectionError } from '../http/api-error.ts';
import { pause } from '../http/requester.ts';
import type { SessionState } from './session-state.ts';

export interface WaitOptions {
  /** Called with every answer that is not the last. */
  readonly onProgress?: (session: SessionInProgress) => void;
  /** Gives up after this long, ms; 10 minutes when left out. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A result did not come within the time that the caller gave. */
export class ResultTimeoutError extends Error {
  constructor(sessionId: string, timeoutMs: number) {
    super(`Session ${sessionId} has no result after ${timeoutMs} ms.`);
    this.name = 'ResultTimeoutError';
  }
}

const DEFAULT_TIMEOUT_MS = 600_000;
/** Answers that come sooner than this are spaced out, so that a server without long-poll is not flooded. */
const MIN_INTERVAL_MS = 500;

type GetState = (waitSeconds: number) => Promise<SessionState>;

/**
 * Long-polls until the session is completed, partial or failed, and returns that answer whatever it says.
 * Throws EarshotApiError `session_expired` for an expired session and ResultTimeoutError when time is up.
 */
export async function waitForResult(
  sessionId: string,
  getState: GetState,
  options: WaitOptions,
): Promise<SessionFinished> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const asked = Date.now();
    const left = Math.ceil((deadline - asked) / 1000);
    const wait = Math.max(0, Math.min(LIMITS.maxWaitSeconds, left));
    // A server that is being restarted is waited for as long as a result is.
    const state = await getState(wait).catch((error: unknown) => {
      if (!isPassing(error) || Date.now() >= deadline) throw error;
    });
    if (state?.kind === 'finished') return state.session;
    if (state?.kind === 'expired') {
      throw new EarshotApiError(410, 'session_expired', { message: state.session.message });
    }
    if (state?.kind === 'in_progress') options.onProgress?.(state.session);
    if (Date.now() >= deadline) throw new ResultTimeoutError(sessionId, timeoutMs);
    const rest = MIN_INTERVAL_MS - (Date.now() - asked);
    if (rest > 0) await pause(rest, options.signal);
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof EarshotConnectionError) return true;
  return error instanceof EarshotApiError && (error.status >= 500 || error.status === 429);
}

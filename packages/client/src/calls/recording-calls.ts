import { RecordingView, wadialAnswer } from '@earshot/protocol';
import { EarshotApiError, EarshotConnectionError, readAnswer } from '../http/api-error.ts';
import type { BodyOpener } from '../http/body-opener.ts';
import { pause, type Requester } from '../http/requester.ts';
import { type RetryPolicy, retryDelayMs } from '../http/retry-policy.ts';
import { bytesOf } from '../upload/upload-source.ts';
import { type CallName, callUrl } from './call-actions.ts';

/** What is kept of calls that have ended. */
export interface RecordingCalls {
  /** The files of a call; none until they are made, soon after its end. */
  recordings(name: CallName): Promise<RecordingView[]>;
  /**
   * The bytes of a WAV file; goes on where a connection broke. Throws EarshotApiError, or EarshotConnectionError when no
   * try gets on.
   */
  download(recording: RecordingView, options?: { signal?: AbortSignal }): AsyncGenerator<Uint8Array>;
  /** Deletes all files of the recording's call. */
  deleteRecordings(recording: RecordingView): Promise<void>;
}

export interface RecordingRequests {
  readonly request: Requester;
  readonly open: BodyOpener;
  readonly retry: RetryPolicy;
}

/** `base` is the URL of the API, without a slash at its end. */
export function recordingCalls(base: string, requests: RecordingRequests): RecordingCalls {
  const { request } = requests;
  const urlOf = ({ sessionId: line, callId: call, recordingId }: RecordingView) =>
    `${callUrl(base, { line, call })}/recordings/${encodeURIComponent(recordingId)}`;
  return {
    async recordings(name) {
      const url = `${callUrl(base, name)}/recordings`;
      const answer = await request({ method: 'GET', url, expect: [200] });
      return readAnswer(wadialAnswer(RecordingView.array()), answer).data;
    },
    download(recording, { signal } = {}) {
      const { sizeBytes } = recording;
      return download(requests, { url: `${urlOf(recording)}/audio`, sizeBytes, signal });
    },
    async deleteRecordings(recording) {
      await request({ method: 'DELETE', url: urlOf(recording), expect: [204] });
    },
  };
}

interface Download {
  readonly url: string;
  readonly sizeBytes: number;
  readonly signal: AbortSignal | undefined;
}

async function* download(
  { open, retry }: Pick<RecordingRequests, 'open' | 'retry'>,
  { url, sizeBytes, signal }: Download,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let attempt = 1; ; attempt += 1) {
    let problem: unknown;
    try {
      const range = at === 0 ? { expect: 200 } : { headers: { range: `bytes=${at}-` }, expect: 206 };
      for await (const piece of bytesOf(await open({ url, ...range, signal }))) {
        at += piece.length;
        attempt = 1;
        yield piece;
      }
      if (at >= sizeBytes) return;
    } catch (error) {
      signal?.throwIfAborted();
      problem = error;
    }
    const delayMs = retryDelayMs(retry, outcomeOf(problem, attempt), Math.random());
    if (delayMs === undefined) throw asError(problem);
    await pause(delayMs, signal);
  }
}

function outcomeOf(problem: unknown, attempt: number) {
  if (!(problem instanceof EarshotApiError))
    return { status: 'no_answer', retryAfter: null, attempt } as const;
  const { status, retryAfterMs } = problem;
  return { status, retryAfter: retryAfterMs === undefined ? null : `${retryAfterMs / 1000}`, attempt };
}

function asError(problem: unknown): Error {
  if (problem instanceof EarshotApiError || problem instanceof EarshotConnectionError) return problem;
  return new EarshotConnectionError('The recording broke off.', { cause: problem });
}

import { apiErrorOf, unreachableAt } from './api-error.ts';
import { type RetryPolicy, retryDelayMs } from './retry-policy.ts';

/** What proves who we are: a fixed API key, or a function that hands out tokens. */
export interface Credentials {
  readonly apiKey?: string;
  /** Called before each request; with `refresh` after a 401, when a new token is wanted. */
  readonly getToken?: (refresh: boolean) => string | Promise<string>;
}

export interface RequesterOptions extends Credentials {
  readonly fetch: typeof fetch;
  readonly retry: RetryPolicy;
}

/** A body that fetch takes; streams can be sent only once, so they are never tried again. */
export type RequestBody = Uint8Array | Blob | string | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

interface OutgoingRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody | FormData;
  /** Statuses that are answers; everything else is an error. */
  readonly expect: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Sends requests with credentials and retries. */
export type Requester = (request: OutgoingRequest) => Promise<Answer>;

/**
 * Builds a requester. It throws EarshotApiError for a refusal, EarshotConnectionError when no answer came
 * after all tries, and the signal's reason when it was aborted.
 */
export function createRequester(options: RequesterOptions): Requester {
  return async (request) => {
    let refreshed = false;
    for (let attempt = 1; ; attempt++) {
      const tried = await tryOnce(options, request, refreshed);
      if (request.expect.includes(tried.status)) return { status: tried.status, text: tried.text };
      const again: number | 'refresh' | undefined = canReplay(request.body)
        ? nextStep(options, tried, { attempt, refreshed })
        : undefined;
      if (again === undefined) throw failureOf(request.url, tried);
      refreshed ||= again === 'refresh';
      if (again !== 'refresh') await pause(again, request.signal);
    }
  };
}

interface Tried {
  /** 0 when there was no answer. */
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
  readonly cause?: unknown;
}

async function tryOnce(
  options: RequesterOptions,
  request: OutgoingRequest,
  refresh: boolean,
): Promise<Tried> {
  const headers = { ...request.headers, ...(await authorization(options, refresh)) };
  // Browsers refuse to run their fetch as a method of another object.
  const { fetch: send } = options;
  try {
    const response = await send(request.url, {
      method: request.method,
      headers,
      body: request.body ?? null,
      signal: request.signal ?? null,
      ...(canReplay(request.body) ? {} : { duplex: 'half' }),
    });
    return {
      status: response.status,
      text: await response.text(),
      retryAfter: response.headers.get('retry-after'),
    };
  } catch (cause) {
    request.signal?.throwIfAborted();
    return { status: 0, text: '', retryAfter: null, cause };
  }
}

/** The header that proves who we are, if anything does. */
export async function authorization(
  credentials: Credentials,
  refresh: boolean,
): Promise<Record<string, string>> {
  const token = credentials.getToken ? await credentials.getToken(refresh) : credentials.apiKey;
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

function nextStep(
  options: RequesterOptions,
  tried: Tried,
  state: { attempt: number; refreshed: boolean },
): number | 'refresh' | undefined {
  if (tried.status === 401 && options.getToken && !state.refreshed) return 'refresh';
  const status = tried.status === 0 ? 'no_answer' : tried.status;
  const outcome = { status, retryAfter: tried.retryAfter, attempt: state.attempt } as const;
  return retryDelayMs(options.retry, outcome, Math.random());
}

function failureOf(url: string, tried: Tried): Error {
  if (tried.status !== 0) return apiErrorOf(tried.status, tried.text, tried.retryAfter);
  return unreachableAt(url, tried.cause);
}

function canReplay(body: RequestBody | FormData | undefined): boolean {
  if (body === undefined || typeof body === 'string') return true;
  return body instanceof Uint8Array || body instanceof Blob || body instanceof FormData;
}

/** Waits, and rejects with the signal's reason when it is aborted meanwhile. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(abortReason(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('The request was aborted.');
}

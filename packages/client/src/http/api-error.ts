import { ErrorBody } from '@earshot/protocol';
import { retryAfterMs } from './retry-policy.ts';

interface RefusalFacts {
  readonly message: string;
  readonly details?: Record<string, unknown> | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** The server refused a request: its status, the code of the error catalogue, and what it said. */
export class EarshotApiError extends Error {
  readonly status: number;
  /** A code of the protocol such as `session_ended`, `http_error` without an envelope, or `unexpected_answer`. */
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  /** When the server wants to be asked again, ms. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, code: string, options: RefusalFacts) {
    super(options.message);
    this.name = 'EarshotApiError';
    this.status = status;
    this.code = code;
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** No answer came: the server is not there, the name does not resolve, the connection broke. */
export class EarshotConnectionError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'EarshotConnectionError';
  }
}

/** No answer came from where this URL goes. Only its origin is told: paths and queries may hold what opens a stream. */
export function unreachableAt(url: string, cause: unknown): EarshotConnectionError {
  const place = originOf(url);
  const message = place === undefined ? 'The server could not be reached.' : `${place} could not be reached.`;
  return new EarshotConnectionError(message, { cause });
}

/** Undefined for what is no absolute URL, as pages may give. */
function originOf(url: string): string | undefined {
  try {
    return `The server at ${new URL(url).origin}`;
  } catch {
    return undefined;
  }
}

/** Turns a refusal into an error, from the envelope when there is one. */
export function apiErrorOf(status: number, body: string, retryAfter: string | null = null): EarshotApiError {
  const envelope = ErrorBody.safeParse(parseJson(body));
  const hint = { retryAfterMs: retryAfterMs(retryAfter) };
  if (!envelope.success) {
    return new EarshotApiError(status, 'http_error', { message: `The server answered ${status}.`, ...hint });
  }
  const { code, message, details } = envelope.data.error;
  return new EarshotApiError(status, code, { message, details, ...hint });
}

interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false };
}

/** Reads an answer by its schema; `unexpected_answer` when a server or a proxy sent something else. */
export function readAnswer<T>(schema: Schema<T>, answer: { status: number; text: string }): T {
  const parsed = schema.safeParse(parseJson(answer.text));
  if (parsed.success) return parsed.data;
  const message = `The server answered ${answer.status} with something else than this protocol says.`;
  throw new EarshotApiError(answer.status, 'unexpected_answer', { message });
}

/** JSON or undefined; an answer that is no JSON is judged by its status alone. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

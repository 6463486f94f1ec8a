/** One HTTP request: everything in memory, bounded in time and size. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** From the call to the last byte, ms. */
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

/**
 * How the engine reaches its server. Whoever provides it decides which addresses may be dialled; it follows no
 * redirects, and rejects when the limits of the request are passed.
 */
export type HttpCall = (url: string, request: HttpRequest) => Promise<HttpAnswer>;

/** One header as a single string. */
export function headerOf(answer: HttpAnswer, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

import { EarshotError, LIMITS } from '@earshot/protocol';
import { Client, type Dispatcher } from 'undici';
import { guardedConnector } from './connector.ts';
import { type EgressPolicy, egressRules } from './policy.ts';
import { checkTarget, parseTarget } from './target-url.ts';

const MAX_HEADER_BYTES = 16_384;

export interface GuardedRequest {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** From the call to the last byte, ms; LIMITS.webhookTimeoutMs when absent. */
  readonly timeoutMs?: number;
  /** LIMITS.webhookMaxResponseBytes when absent. */
  readonly maxResponseBytes?: number;
  /** Settles as soon as the status is there and reads no body: what a webhook receiver says does not matter. */
  readonly discardBody?: boolean;
  readonly signal?: AbortSignal;
}

export interface GuardedResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

/** Throws `invalid_request` for a URL that is refused, `upstream_unreachable` for whatever happens after. */
export type GuardedFetch = (url: string, request?: GuardedRequest) => Promise<GuardedResponse>;

async function readBody(body: AsyncIterable<unknown>, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    if (!(part instanceof Uint8Array)) throw new TypeError('a response body is bytes');
    bytes += part.byteLength;
    if (bytes > maxBytes) throw new Error('the response body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const totalMs = (request: GuardedRequest): number => request.timeoutMs ?? LIMITS.webhookTimeoutMs;

/** Aborts at the end of the request's time, or when its caller gives up. */
function endOf(request: GuardedRequest): AbortSignal {
  const deadline = AbortSignal.timeout(totalMs(request));
  return request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
}

/** Rejects on abort. The client itself notices an abort only once it is connected. */
async function aborted(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted();
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the request took too long')), { once: true });
  });
}

function requestOptions(url: URL, request: GuardedRequest): Dispatcher.RequestOptions {
  return {
    method: request.method ?? 'GET',
    path: url.pathname + url.search,
    headers: { ...request.headers, 'accept-encoding': 'identity' },
    body: request.body ?? null,
    headersTimeout: totalMs(request),
    bodyTimeout: totalMs(request),
  };
}

async function exchange(client: Client, url: URL, request: GuardedRequest): Promise<GuardedResponse> {
  const answer = await client.request(requestOptions(url, request));
  if (answer.statusCode >= 300 && answer.statusCode < 400) throw new Error('redirects are not followed');
  if (request.discardBody === true) {
    return { status: answer.statusCode, headers: answer.headers, body: new Uint8Array(0) };
  }
  if ((answer.headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new Error('compressed bodies are not taken');
  const maxBytes = request.maxResponseBytes ?? LIMITS.webhookMaxResponseBytes;
  if (Number(answer.headers['content-length'] ?? 0) > maxBytes)
    throw new Error('the response body is too large');
  return { status: answer.statusCode, headers: answer.headers, body: await readBody(answer.body, maxBytes) };
}

/**
 * A fetch for URLs that a tenant gave: public addresses only, checked at connect time against what is dialled; no
 * redirects, no reuse of connections, no decompression, capped in time and size. Every failure looks the same outside.
 */
export function createGuardedFetch(policy: EgressPolicy): GuardedFetch {
  const rules = egressRules(policy);
  const connect = guardedConnector(rules);
  return async (text, request = {}) => {
    const url = parseTarget(text, rules);
    const client = new Client(url.origin, {
      pipelining: 0,
      maxHeaderSize: MAX_HEADER_BYTES,
      connect,
    });
    try {
      return await Promise.race([exchange(client, url, request), aborted(endOf(request))]);
    } catch (cause) {
      throw new EarshotError('upstream_unreachable', { cause });
    } finally {
      client.destroy().catch(() => undefined);
    }
  };
}

/** Judges a URL when it is registered, name included; throws `invalid_request`. It is judged again at connect time. */
export async function checkUrl(url: string, policy: EgressPolicy): Promise<URL> {
  return checkTarget(url, egressRules(policy));
}

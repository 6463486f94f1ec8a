import { apiErrorOf, unreachableAt } from './api-error.ts';
import { authorization, type Credentials } from './requester.ts';

interface BodyRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The status that is an answer; everything else is an error. */
  readonly expect: number;
  readonly signal: AbortSignal | undefined;
}

/** Opens the body of an answer to be read as it comes. One try, whose failure its caller judges. */
export type BodyOpener = (request: BodyRequest) => Promise<ReadableStream<Uint8Array>>;

/** Builds an opener that throws EarshotApiError for a refusal, EarshotConnectionError when no answer came. */
export function createBodyOpener(options: Credentials & { readonly fetch: typeof fetch }): BodyOpener {
  const send = async (request: BodyRequest, refresh: boolean): Promise<Response> => {
    const headers = { ...request.headers, ...(await authorization(options, refresh)) };
    const { fetch: ask } = options;
    try {
      return await ask(request.url, { headers, signal: request.signal ?? null });
    } catch (cause) {
      request.signal?.throwIfAborted();
      throw unreachableAt(request.url, cause);
    }
  };
  return async (request) => {
    const first = await send(request, false);
    const again = first.status === 401 && options.getToken !== undefined;
    if (again) await first.body?.cancel();
    const response = again ? await send(request, true) : first;
    if (response.status === request.expect && response.body !== null) return response.body;
    throw apiErrorOf(response.status, await response.text(), response.headers.get('retry-after'));
  };
}

import type { HttpCall } from '../engines/openai/http-call.ts';

async function bodyOf(response: Response, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const reader = response.body?.getReader();
  for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
    const part: unknown = next.value;
    if (!(part instanceof Uint8Array)) throw new TypeError('A body is bytes.');
    bytes += part.length;
    parts.push(part);
    if (bytes <= maxBytes) continue;
    await reader?.cancel();
    throw new Error('The answer is too large.');
  }
  return Buffer.concat(parts);
}

/** Node's own fetch as an engine's way out, without any check of addresses: for tests on loopback only. */
export const plainFetch: HttpCall = async (url, request) => {
  const response = await fetch(url, {
    method: request.method,
    headers: { ...request.headers, connection: 'close' },
    redirect: 'manual',
    signal: AbortSignal.any([request.signal, AbortSignal.timeout(request.timeoutMs)]),
    ...(request.body === undefined ? {} : { body: new Uint8Array(request.body) }),
  });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await bodyOf(response, request.maxResponseBytes),
  };
};

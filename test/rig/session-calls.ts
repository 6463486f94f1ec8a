import type { Rig } from './earshot.ts';

/** An answer of the HTTP API, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON object of the body; empty for any other body. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly bytes: Uint8Array;
}

/** One request under /voice/v1; a plain object as `json` is sent as JSON. */
export interface Ask {
  readonly method?: string;
  readonly json?: unknown;
  readonly body?: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls the API as the rig's own tenant, unless `headers` carry another credential. */
export async function ask(rig: Rig, path: string, { method, json, body, headers = {} }: Ask = {}) {
  const type = json === undefined ? {} : { 'content-type': 'application/json' };
  const payload = json === undefined ? body : JSON.stringify(json);
  return readAnswer(
    await rig.call(path, {
      method: method ?? (payload === undefined ? 'GET' : 'POST'),
      headers: { ...type, ...headers },
      ...(payload === undefined
        ? {}
        : { body: typeof payload === 'string' ? payload : Buffer.from(payload) }),
    }),
  );
}

export async function readAnswer(response: Response): Promise<Answer> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes, body: jsonObject(bytes) };
}

export function jsonObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `error.code` of an answer, or the empty string. */
export function codeOf({ body }: Answer): string {
  const error = body['error'];
  return isRecord(error) && typeof error['code'] === 'string' ? error['code'] : '';
}

/** A new session; throws when it is refused. */
export async function newSession(
  rig: Rig,
  request: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ id: string; uploadUrl: string; answer: Answer }> {
  const answer = await ask(rig, '/sessions', { json: request, headers });
  if (answer.status !== 201) throw new Error(`create answered ${answer.status} ${codeOf(answer)}`);
  return { id: String(answer.body['session_id']), uploadUrl: String(answer.body['upload_url']), answer };
}

export function upload(rig: Rig, id: string, name: string, file: { body: Uint8Array; type?: string }) {
  return ask(rig, `/sessions/${id}/audio/${name}`, {
    body: file.body,
    headers: { 'content-type': file.type ?? 'audio/wav' },
  });
}

export function end(rig: Rig, id: string, json: unknown = {}) {
  return ask(rig, `/sessions/${id}/end`, { json });
}

/** Get Session until it is no longer 202; throws after `timeoutMs`. */
export async function result(
  rig: Rig,
  id: string,
  { headers = {}, timeoutMs = 60_000 }: { headers?: Record<string, string>; timeoutMs?: number } = {},
): Promise<Answer> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask(rig, `/sessions/${id}?wait=5`, { headers });
    if (answer.status !== 202) return answer;
    if (Date.now() > deadline) throw new Error(`session ${id} is still ${String(answer.body['status'])}`);
  }
}

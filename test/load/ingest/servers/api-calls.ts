import { Readable } from 'node:stream';
import { z } from 'zod';
import type { EarshotNode } from './earshot-node.ts';

const Created = z.object({ session_id: z.string() });

/** One call of the session API; throws when it is refused. */
export async function callApi(
  node: EarshotNode,
  path: string,
  { method = 'GET', json }: { readonly method?: string; readonly json?: object } = {},
): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${node.origin}/voice/v1${path}`, {
    method,
    headers: { ...node.authorization, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${text.slice(0, 200)}`);
  return { status: answer.status, body: JSON.parse(text) as unknown };
}

export async function createSession(
  node: EarshotNode,
  request: Readonly<Record<string, string>> = { upload_type: 'stream' },
): Promise<{ sessionId: string }> {
  const { body } = await callApi(node, '/sessions', { method: 'POST', json: request });
  return { sessionId: Created.parse(body).session_id };
}

export async function endSession(node: EarshotNode, sessionId: string): Promise<void> {
  await callApi(node, `/sessions/${sessionId}/end`, { method: 'POST', json: {} });
}

/** Feeds a stream session through one HTTP body as fast as it is taken; resolves when the server has it all. */
export async function feedSession(
  node: EarshotNode,
  sessionId: string,
  audio: { readonly contentType: string; readonly chunks: () => Iterable<Uint8Array> },
): Promise<void> {
  const answer = await fetch(`${node.origin}/voice/v1/sessions/${sessionId}/audio`, {
    method: 'POST',
    headers: { ...node.authorization, 'content-type': audio.contentType },
    body: Readable.toWeb(Readable.from(audio.chunks())),
    duplex: 'half',
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`a body was answered ${answer.status}: ${text.slice(0, 200)}`);
}

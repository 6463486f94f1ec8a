import { createHash } from 'node:crypto';
import { encodePcm16le } from '@earshot/audio';
import type { SessionFinished } from '@earshot/protocol';
import { WebSocket } from 'ws';
import type { Rig } from './earshot.ts';

export interface Created {
  readonly session_id: string;
  readonly upload_url: string;
}

/** Creates a session; fails unless the answer is 201. */
export async function createSession(rig: Rig, body: Record<string, unknown>): Promise<Created> {
  const answer = await rig.call('/sessions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (answer.status !== 201) throw new Error(`create answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Created;
}

/** Ends a session; fails unless the answer is 202. */
export async function endSession(rig: Rig, sessionId: string): Promise<{ audio_files: string[] }> {
  const answer = await rig.call(`/sessions/${sessionId}/end`, { method: 'POST' });
  if (answer.status !== 202) throw new Error(`end answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as { audio_files: string[] };
}

/** Long-polls until the session has a result; fails after `timeoutMs`. */
export async function awaitResult(
  rig: Rig,
  sessionId: string,
  timeoutMs = 120_000,
): Promise<SessionFinished> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await rig.call(`/sessions/${sessionId}?wait=5`);
    if (answer.status !== 202) return (await answer.json()) as SessionFinished;
    const text = await answer.text();
    if (Date.now() > deadline) throw new Error(`no result in time: ${text.slice(0, 400)}`);
  }
}

/** Sends messages over a socket, then a text `stop` (or hangs up), and resolves with the server's close code. */
export async function streamMessages(
  url: string,
  messages: Iterable<string | Uint8Array>,
  options: { hangUp?: boolean } = {},
): Promise<number> {
  const socket = new WebSocket(url);
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  for (const message of messages) {
    socket.send(message);
    while (socket.bufferedAmount > 4_000_000) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  if (options.hangUp === true) socket.close();
  else socket.send('{"event":"stop"}');
  return closed;
}

/** Bytes in pieces of the given sizes, over and over. */
export function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** The samples of a session's recording of one track. */
export async function recordedBytes(rig: Rig, sessionId: string, track = 'main'): Promise<Uint8Array> {
  const answer = await rig.call(`/sessions/${sessionId}/audio?track=${track}`);
  if (answer.status !== 200) throw new Error(`audio answered ${answer.status}: ${await answer.text()}`);
  return new Uint8Array(await answer.arrayBuffer()).subarray(44);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function bytesOf(samples: Int16Array): Uint8Array {
  return encodePcm16le(samples);
}

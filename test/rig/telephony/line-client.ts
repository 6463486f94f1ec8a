import { once } from 'node:events';
import { decodeFloat32le, decodePcm16le, parseWavHeader } from '@earshot/audio';
import { RecordingKind, WadialCall } from '@earshot/protocol';
import { until } from '@earshot/test-support';
import { WebSocket } from 'ws';
import { z } from 'zod';

const Calls = z.object({ data: z.array(WadialCall) });
const Recordings = z.object({ data: z.array(z.object({ recordingId: z.string(), kind: RecordingKind })) });

/** What a client of one line does. */
export interface LineClient {
  readonly path: string;
  readonly ask: (path: string, init?: RequestInit) => Promise<Response>;
  /** A POST of JSON. */
  readonly post: (path: string, body?: unknown) => Promise<Response>;
  see(callId: string): Promise<WadialCall>;
  /** Waits until a call on this line is active. */
  active(): Promise<WadialCall>;
  ended(callId: string): Promise<WadialCall>;
  /** The samples of the three recordings, as soon as they are there. */
  recordings(callId: string): Promise<ReadonlyMap<RecordingKind, Int16Array>>;
  /** Joins the audio of a call. */
  join(callId: string): Promise<MediaClient>;
}

interface MediaClient {
  /** Says it, and resolves when the peer has been sent all of it. */
  talk(samples: Int16Array): Promise<void>;
  heard(): Int16Array;
  /** The close code. */
  readonly closed: Promise<number>;
}

const patient = { timeoutMs: 45_000, intervalMs: 100 };

/** A client of a line of the calls service at `origin`. */
export function lineClient(origin: string, lineId: string, key: string): LineClient {
  const path = `/api/v1/sessions/${lineId}`;
  const ask: LineClient['ask'] = (to, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('x-api-key', key);
    return fetch(`${origin}${to}`, { ...init, headers });
  };
  const client: LineClient = {
    path,
    ask,
    post: (to, body = {}) =>
      ask(to, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    async see(callId) {
      const answer = await ask(`${path}/calls/${callId}`);
      return z.object({ data: WadialCall }).parse(await answer.json()).data;
    },
    active: () =>
      until(async () => (await calls()).find(({ state }) => state === 'active'), {
        ...patient,
        what: `an active call on ${lineId}`,
      }),
    async ended(callId) {
      const isOver = async () => (await client.see(callId)).state === 'ended';
      await until(isOver, { ...patient, what: `the end of the call on ${lineId}` });
      return client.see(callId);
    },
    recordings: (callId) => recordings(client, callId),
    join: (callId) => join(`${origin.replace(/^http/, 'ws')}${path}/calls/${callId}/media`, key),
  };
  const calls = async () => Calls.parse(await (await ask(`${path}/calls`)).json()).data;
  return client;
}

async function recordings(
  { ask, path }: LineClient,
  callId: string,
): Promise<Map<RecordingKind, Int16Array>> {
  const all = await until(
    async () => {
      const answer = await ask(`${path}/calls/${callId}/recordings`);
      const found = answer.ok ? Recordings.parse(await answer.json()).data : [];
      return found.length === 3 && found;
    },
    { ...patient, what: 'three recordings' },
  );
  const sounds = all.map(async ({ recordingId, kind }) => {
    const file = await ask(`${path}/calls/${callId}/recordings/${recordingId}/audio`);
    const wav = new Uint8Array(await file.arrayBuffer());
    return [kind, decodePcm16le(wav.subarray(parseWavHeader(wav).dataOffset))] as const;
  });
  return new Map(await Promise.all(sounds));
}

async function join(url: string, key: string): Promise<MediaClient> {
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${key}` } });
  const parts: Buffer[] = [];
  const texts: string[] = [];
  socket.on('message', (data: Buffer, binary) => {
    if (binary) parts.push(data);
    else texts.push(data.toString());
  });
  const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)));
  await once(socket, 'open');
  await until(() => texts.some((text) => text.includes('"ready"')), patient);
  return {
    closed,
    heard: () => decodeFloat32le(new Uint8Array(Buffer.concat(parts))),
    async talk(samples) {
      const name = `said-${texts.length}`;
      socket.send(Buffer.from(Float32Array.from(samples, (sample) => sample / 32_768).buffer));
      socket.send(JSON.stringify({ type: 'mark', name }));
      const isSaid = () => texts.some((text) => text.includes('"mark"') && text.includes(name));
      await until(isSaid, { ...patient, what: 'the mark behind what was said' });
    },
  };
}

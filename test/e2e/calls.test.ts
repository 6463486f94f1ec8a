import { once } from 'node:events';
import { decodeFloat32le, decodePcm16le, encodeWav, parseWavHeader } from '@earshot/audio';
import { until } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { type Rig, startRig } from '../rig/earshot.ts';

const Call = z.object({
  data: z.object({
    callId: z.string(),
    state: z.string(),
    audioMuted: z.boolean(),
    transcriptionSessionId: z.string().nullable(),
  }),
});
type CallData = z.infer<typeof Call>['data'];
const Recordings = z.object({
  data: z.array(
    z.object({ recordingId: z.string(), kind: z.string(), samples: z.int(), sha256: z.string() }),
  ),
});
const LINE = '/api/v1/sessions/lin_first';

let rig: Rig;
let lineKey: string;

beforeAll(async () => {
  rig = await startRig({ calls: true });
  const answer = await api('/v1/lines/lin_first/key', { method: 'POST' });
  lineKey = z.object({ key: z.string() }).parse(await answer.json()).key;
}, 60_000);

afterAll(async () => {
  await rig.stop();
});

async function api(path: string, init: RequestInit = {}, key = rig.key): Promise<Response> {
  return fetch(`${rig.callsOrigin}${path}`, {
    ...init,
    headers: headersOf(init, key),
  });
}

function headersOf(init: RequestInit, key: string): Headers {
  const headers = new Headers(init.headers);
  headers.set('x-api-key', key);
  if (typeof init.body === 'string') headers.set('content-type', 'application/json');
  return headers;
}

const Text = z.looseObject({ type: z.string() });
const post = (path: string, body?: unknown): Promise<Response> =>
  api(path, { method: 'POST', ...(body === undefined ? {} : { body: JSON.stringify(body) }) });

async function callOf(answer: Response): Promise<CallData> {
  const body: unknown = await answer.json();
  expect([answer.status < 300, body]).toEqual([true, body]);
  return Call.parse(body).data;
}
const see = async (id: string): Promise<CallData> => callOf(await api(`${LINE}/calls/${id}`));

async function active(to: string): Promise<CallData> {
  const { callId } = await callOf(await post(`${LINE}/calls`, { to }));
  await until(async () => (await see(callId)).state === 'active');
  return see(callId);
}

interface Client {
  readonly socket: WebSocket;
  readonly texts: z.infer<typeof Text>[];
  /** All binary that came. */
  bytes(): Uint8Array;
  readonly closed: Promise<number>;
}

async function connect(url: string, headers: Record<string, string> = {}): Promise<Client> {
  const socket = new WebSocket(url, { headers });
  const texts: Client['texts'] = [];
  const parts: Buffer[] = [];
  socket.on('message', (data: Buffer, binary) => {
    if (binary) parts.push(data);
    else texts.push(Text.parse(JSON.parse(data.toString())));
  });
  const closed = once(socket, 'close').then(([code]) => Number(code));
  closed.catch(() => undefined);
  await once(socket, 'open');
  return { socket, texts, bytes: () => new Uint8Array(Buffer.concat(parts)), closed };
}

const ws = (path: string): string => `${rig.callsOrigin.replace('http', 'ws')}${path}`;
const media = (callId: string): Promise<Client> =>
  connect(ws(`${LINE}/calls/${callId}/media`), { authorization: `Bearer ${rig.key}` });

async function token(callId: string, mode: 'talk' | 'listen'): Promise<string> {
  const answer = await api(
    `/v1/calls/${callId}/realtime-session`,
    { method: 'POST', body: JSON.stringify({ mode }) },
    lineKey,
  );
  return z.object({ wsUrl: z.string(), expiresInSeconds: z.literal(120) }).parse(await answer.json()).wsUrl;
}

async function recordings(callId: string): Promise<Map<string, Int16Array>> {
  let found: z.infer<typeof Recordings>['data'] = [];
  const ready = async (): Promise<boolean> => {
    const answer = await api(`${LINE}/calls/${callId}/recordings`);
    found = answer.ok ? Recordings.parse(await answer.json()).data : [];
    return found.length === 3;
  };
  await until(ready, { timeoutMs: 60_000, what: 'the recordings' });
  const sound = new Map<string, Int16Array>();
  for (const { recordingId, kind, samples } of found) {
    const file = await api(`${LINE}/calls/${callId}/recordings/${recordingId}/audio`);
    const wav = new Uint8Array(await file.arrayBuffer());
    expect(parseWavHeader(wav)).toMatchObject({ format: 'pcm16', sampleRate: 16_000, channels: 1 });
    const audio = decodePcm16le(wav.subarray(44));
    expect(audio.length).toBe(samples);
    sound.set(kind, audio);
  }
  return sound;
}

const speech = Int16Array.from({ length: 8000 }, (_, i) => Math.round(9000 * Math.sin(i / 9)) | 1);
const bytesOf = (samples: Int16Array): Uint8Array => new Uint8Array(samples.buffer);
const has = (sound: Int16Array, part: Int16Array): boolean =>
  Buffer.from(bytesOf(sound)).includes(Buffer.from(bytesOf(part)));

describe('a live call', () => {
  it('is talked into and heard by programs of both kinds, and its recordings hold what was played, to the sample', async () => {
    const { callId } = await active('loop:echo');
    const listener = await connect(await token(callId, 'listen'));
    const talker = await media(callId);
    await until(() => talker.texts.some(({ type }) => type === 'ready'));
    talker.socket.send(Buffer.from(Float32Array.from(speech, (sample) => sample / 32_768).buffer));
    talker.socket.send(JSON.stringify({ type: 'mark', name: 'said' }));
    await until(() => talker.texts.some(({ type, name }) => type === 'mark' && name === 'said'));
    await until(() => has(decodePcm16le(evened(listener.bytes())), speech.subarray(0, 4000)));
    await until(() => has(decodeFloat32le(talker.bytes()), speech.subarray(0, 4000)));
    await post(`${LINE}/calls/${callId}/end`);
    expect([await listener.closed, await talker.closed]).toEqual([1000, 1000]);
    expect(talker.texts.at(-1)).toEqual({ type: 'ended' });
    const sound = await recordings(callId);
    const [inbound, outbound, mixed] = ['inbound', 'outbound', 'mixed'].map((kind) => sound.get(kind)!);
    expect(has(outbound!, speech)).toBe(true);
    expect(new Set([inbound!.length, outbound!.length, mixed!.length]).size).toBe(1);
    expect(
      mixed!.every(
        (sample, i) => sample === Math.max(-32_768, Math.min(32_767, inbound![i]! + outbound![i]!)),
      ),
    ).toBe(true);
  });

  it('plays an asset once, silently while it is muted', async () => {
    const form = new FormData();
    form.set('audio', new File([encodeWav(speech, 16_000)], 'hello.wav', { type: 'audio/wav' }));
    const uploaded = await api('/api/v1/call-audio-assets', { method: 'POST', body: form });
    const { id } = z.object({ data: z.object({ id: z.string() }) }).parse(await uploaded.json()).data;
    const { callId } = await active('loop:silent');
    const play = (): Promise<Response> => post(`${LINE}/calls/${callId}/audio/play`, { assetId: id });
    await callOf(await post(`${LINE}/calls/${callId}/mute`, { muted: true }));
    expect((await play()).status).toBe(200);
    await new Promise((done) => setTimeout(done, 900));
    expect((await callOf(await post(`${LINE}/calls/${callId}/mute`, { muted: false }))).audioMuted).toBe(
      false,
    );
    expect((await play()).status).toBe(200);
    await new Promise((done) => setTimeout(done, 900));
    await post(`${LINE}/calls/${callId}/end`);
    const outbound = (await recordings(callId)).get('outbound')!;
    const audible = (sound: Int16Array): number => sound.filter((sample) => sample !== 0).length;
    expect(audible(outbound)).toBe(audible(speech));
    expect(has(outbound, speech)).toBe(true);
  });

  it('is transcribed, each utterance with its track', async () => {
    const { callId, transcriptionSessionId } = await active('loop:speak?file=consultation&hangup=8s');
    await until(async () => (await see(callId)).state === 'ended', { timeoutMs: 20_000 });
    let session: Response | undefined;
    await until(
      async () => {
        session = await rig.call(`/sessions/${transcriptionSessionId}`);
        return session.status === 200;
      },
      { timeoutMs: 60_000, what: 'the transcript' },
    );
    const answer = await rig.call(`/sessions/${transcriptionSessionId}/transcript`);
    const { utterances } = z
      .object({ utterances: z.array(z.object({ track: z.string(), text: z.string() })) })
      .parse(await answer.json());
    expect(utterances.length).toBeGreaterThan(0);
    expect(new Set(utterances.map(({ track }) => track))).toEqual(new Set(['inbound']));
  });

  it('lets exactly one of fifty in with one token', async () => {
    const { callId } = await active('loop:silent');
    const url = await token(callId, 'listen');
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () =>
        connect(url).then(
          (client) => client,
          () => null,
        ),
      ),
    );
    const inside = outcomes.filter((client) => client !== null);
    expect(inside.length).toBe(1);
    inside[0]!.socket.close();
    await post(`${LINE}/calls/${callId}/end`);
  });

  it('tells what happens on its line, and again to a client that comes back', async () => {
    const { callId } = await active('loop:silent');
    await post(`${LINE}/calls/${callId}/end`);
    const stopped = new AbortController();
    const answer = await api(`${LINE}/events`, {
      headers: { accept: 'text/event-stream', 'last-event-id': '0-0' },
      signal: stopped.signal,
    });
    let text = '';
    const reader = answer.body!.getReader();
    while (!(text.includes('call.ended') && text.includes(callId))) {
      text += Buffer.from((await reader.read()).value ?? []).toString();
    }
    stopped.abort();
    expect(text).toContain('event: call.initiated');
  });
});

/** Whole samples only. */
function evened(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.length - (bytes.length % 2)).slice();
}

import { setTimeout as sleep } from 'node:timers/promises';
import { MEDIA_PROTOCOL, type MediaEvent } from '@earshot/protocol';
import { until } from '@earshot/test-support';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { EarshotApiError, EarshotConnectionError } from '../../http/api-error.ts';
import { type LocalServer, type LocalServerOptions, startLocalServer } from '../../testing/local-server.ts';
import { createCallsClient } from '../calls-client.ts';
import { MediaClosedError, type MediaOptions } from './call-media.ts';
import type { MediaEncoding } from './sample-format.ts';

interface Peer {
  readonly socket: WebSocket;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly protocols: string | undefined;
  readonly texts: string[];
  readonly binary: Buffer[];
  say(event: MediaEvent): void;
}

let server: LocalServer;
const peers: Peer[] = [];

function accept(
  encoding: MediaEncoding | null,
  socket: WebSocket,
  request: Parameters<NonNullable<LocalServerOptions['onSocket']>>[1],
): void {
  const peer: Peer = {
    socket,
    url: request.url ?? '',
    authorization: request.headers.authorization,
    protocols: request.headers['sec-websocket-protocol'],
    texts: [],
    binary: [],
    say: (event) => socket.send(JSON.stringify(event)),
  };
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) peer.binary.push(data);
    else peer.texts.push(data.toString());
  });
  peers.push(peer);
  if (encoding === null) return;
  const media = { direction: 'bidirectional', encoding, sampleRate: 16_000, channels: 1 } as const;
  peer.say({ type: 'ready', media });
}

async function join(
  options: MediaOptions & { encoding?: MediaEncoding | null; mode?: 'talk' | 'listen' } = {},
) {
  const { encoding = 'Float32LE', mode = 'talk', ...media } = options;
  server = await startLocalServer({ onSocket: (socket, request) => accept(encoding, socket, request) });
  const client = createCallsClient({ baseUrl: server.url, apiKey: 'sk_test_x' });
  return client.openMedia({ line: 'lin_desk', call: 'call_a', mode }, media);
}

const peer = (): Peer => {
  const last = peers.at(-1);
  if (last === undefined) throw new Error('nobody has connected');
  return last;
};

afterEach(() => server.close());

describe('the audio of a call', () => {
  it('is joined with the key in the header, and says how', async () => {
    const media = await join({ mode: 'listen' });
    expect(peer()).toMatchObject({
      url: '/api/v1/sessions/lin_desk/calls/call_a/media?mode=listen',
      authorization: 'Bearer sk_test_x',
    });
    expect(media.direction).toBe('bidirectional');
    media.close();
    expect(await media.ended).toEqual({ code: 1000, reason: '', callEnded: false });
  });

  it('is joined by a link with PCM16 and the text subprotocol', async () => {
    server = await startLocalServer({
      onSocket: (socket, request) => accept('PCM16LE', socket, request),
      chooses: MEDIA_PROTOCOL,
    });
    const heard: number[] = [];
    const client = createCallsClient({ baseUrl: server.url, WebSocket });
    const onAudio = (samples: Float32Array) => heard.push(...samples);
    const media = await client.openMedia({ wsUrl: `${server.socketUrl}?token=t` }, { onAudio });
    expect(peer()).toMatchObject({
      url: '/voice/v1/stream?token=t',
      authorization: undefined,
      protocols: MEDIA_PROTOCOL,
    });
    peer().socket.send(new Uint8Array(Int16Array.of(16_384, -32_768).buffer));
    await media.send(Float32Array.of(0.5));
    await until(() => heard.length === 2 && peer().binary.length === 1);
    expect(heard).toEqual([0.5, -1]);
    expect(peer().binary[0]).toEqual(Buffer.from(Int16Array.of(16_384).buffer));
  });

  it('goes both ways as floats', async () => {
    const heard: number[] = [];
    const media = await join({ onAudio: (samples) => heard.push(...samples) });
    peer().socket.send(new Uint8Array(Float32Array.of(0.25, -1).buffer));
    await media.send(Float32Array.of(0.5, 0));
    await until(() => heard.length === 2 && peer().binary.length === 1);
    expect(heard).toEqual([0.25, -1]);
    expect(peer().binary[0]).toEqual(Buffer.from(Float32Array.of(0.5, 0).buffer));
  });

  it('is sent in messages of 100 ms', async () => {
    const media = await join();
    await media.send(new Float32Array(4000));
    await until(() => peer().binary.length === 3);
    expect(peer().binary.map(({ length }) => length)).toEqual([6400, 6400, 3200]);
  });

  it('waits while the server asks to, and goes on when it has caught up or was cleared', async () => {
    const told: MediaEvent[] = [];
    const media = await join({ onEvent: (event) => told.push(event) });
    const level = (bufferedMs: number) =>
      peer().say({ type: 'buffer', bufferedMs, pauseMs: 500, resumeMs: 250 });
    const buffers = () => told.filter(({ type }) => type === 'buffer').length;
    level(600);
    await until(() => buffers() === 1);
    let done = 0;
    const first = media.send(new Float32Array(1600)).then(() => (done += 1));
    await sleep(50);
    level(300);
    await until(() => buffers() === 2);
    expect([done, peer().binary.length]).toEqual([0, 0]);
    level(200);
    await first;
    level(600);
    await until(() => buffers() === 4);
    const second = media.send(new Float32Array(1600));
    media.clear();
    await second;
    await until(() => peer().texts.length === 1);
    expect(peer().texts).toEqual(['{"type":"clear"}']);
  });

  it('answers marks each by its own name', async () => {
    const media = await join();
    const marks = Promise.all([media.mark(), media.mark()]);
    await until(() => peer().texts.length === 2);
    const [first = '', second = ''] = peer().texts.map((text) => (JSON.parse(text) as { name: string }).name);
    peer().say({ type: 'mark', name: second, state: 'cleared' });
    peer().say({ type: 'mark', name: 'of somebody else', state: 'played' });
    peer().say({ type: 'mark', name: first, state: 'played' });
    expect(await marks).toEqual(['played', 'cleared']);
  });

  it('ends with the call: what waits is rejected', async () => {
    const media = await join();
    const mark = media.mark();
    peer().say({ type: 'ended' });
    peer().socket.close(1000, 'The call has ended.');
    await expect(mark).rejects.toThrow('The call has ended.');
    expect(await media.ended).toEqual({ code: 1000, reason: 'The call has ended.', callEnded: true });
    await expect(media.send(new Float32Array(1))).rejects.toThrow(MediaClosedError);
    await expect(media.mark()).rejects.toThrow(MediaClosedError);
  });

  it('ends when a newer talker takes over, also for one that waits for room', async () => {
    const media = await join();
    peer().say({ type: 'buffer', bufferedMs: 900, pauseMs: 500, resumeMs: 250 });
    await sleep(50);
    const sending = media.send(new Float32Array(1));
    peer().socket.close(4409, 'A newer client talks on this call.');
    await expect(sending).rejects.toMatchObject({ end: { code: 4409, callEnded: false } });
  });

  it('passes over what it does not know', async () => {
    const told: MediaEvent[] = [];
    const media = await join({ onEvent: (event) => told.push(event) });
    peer().socket.send('{"type":"weather"}');
    peer().socket.send('no json');
    peer().say({ type: 'gap', samples: 320 });
    await until(() => told.length === 2);
    expect(told.map(({ type }) => type)).toEqual(['ready', 'gap']);
    media.close();
  });

  it('is refused with what the server said', async () => {
    const refusalBody = '{"error":{"code":"call_not_active","message":"The call is not active."}}';
    server = await startLocalServer({ refuseUpgrade: 409, refusalBody });
    const client = createCallsClient({ baseUrl: server.url, apiKey: 'k' });
    const joining = client.openMedia({ line: 'lin_desk', call: 'call_a' });
    await expect(joining).rejects.toThrow(EarshotApiError);
    await expect(joining).rejects.toMatchObject({ status: 409, code: 'call_not_active' });
  });

  it('is asked for with a new token after a 401', async () => {
    server = await startLocalServer({ refuseUpgrade: 401 });
    const asked: boolean[] = [];
    const getToken = (refresh: boolean) => `${asked.push(refresh)}`;
    const client = createCallsClient({ baseUrl: server.url, getToken });
    await expect(client.openMedia({ line: 'l', call: 'c' })).rejects.toMatchObject({ status: 401 });
    expect(asked).toEqual([false, true]);
  });

  it('is given up when the server says nothing, or is not there', async () => {
    await expect(join({ encoding: null, connectTimeoutMs: 100 })).rejects.toThrow('never said');
    await server.close();
    const client = createCallsClient({ baseUrl: server.url, apiKey: 'k' });
    await expect(client.openMedia({ line: 'l', call: 'c' })).rejects.toThrow(EarshotConnectionError);
    server = await startLocalServer({});
  });
});

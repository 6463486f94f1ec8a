import { createHash } from 'node:crypto';
import { encodePcm16le } from '@earshot/audio';
import { CreateSessionRequest, type SessionDocument, type SessionRef } from '@earshot/protocol';
import {
  createFolderStore,
  createSessionArchive,
  type ObjectStore,
  type SessionArchive,
} from '@earshot/storage';
import {
  computedAudio,
  findAudioDifference,
  startRedis,
  type TemporaryFolder,
  type TestRedis,
  temporaryFolder,
  until,
} from '@earshot/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Client, EVENTS, type EventClient, speaking } from './testing/client.ts';
import { callHttp } from './testing/http-exchange.ts';
import { type RealNode, startRealNode } from './testing/real-node.ts';

const RATE = 16_000;

let server: TestRedis;
let folder: TemporaryFolder;
let journals: TemporaryFolder[];
let store: ObjectStore;
let truth: SessionArchive;
let nodes: RealNode[];

const start = (i: number): Promise<RealNode> =>
  startRealNode({ name: `node-${i}`, redisUrl: server.url, store, folder: journals[i]! });

beforeAll(async () => {
  server = await startRedis();
});

afterAll(async () => {
  await server.stop();
});

beforeEach(async () => {
  await server.flushAll();
  folder = await temporaryFolder();
  journals = [await temporaryFolder(), await temporaryFolder()];
  store = createFolderStore(folder.path);
  truth = createSessionArchive(store);
  nodes = [await start(0), await start(1)];
});

afterEach(async () => {
  for (const node of nodes) await node.stop();
  for (const one of [folder, ...journals]) await one.remove();
});

async function create(
  uploadType: 'stream' | 'chunked' = 'stream',
): Promise<SessionDocument & { streamId: string }> {
  const request = CreateSessionRequest.parse({ upload_type: uploadType });
  const creator = { tenant: 'clinic', subject: 'key_1', test: true };
  const document = await nodes[0]!.sessions.create(creator, { request, idempotencyKey: undefined });
  return { ...document, streamId: document.streamId ?? 'str_none' };
}

const pcm = (from: number, samples: number): Uint8Array => encodePcm16le(computedAudio(1, from, samples));

async function send(client: Client, from: number, samples: number): Promise<void> {
  for (let at = from; at < from + samples; at += RATE) {
    await client.send(pcm(at, Math.min(RATE, from + samples - at)));
  }
}

async function open(node: RealNode, streamId: string): Promise<EventClient> {
  return speaking(await node.bench.connect(streamId, EVENTS));
}

/** The session, ended, has exactly this much of the computed stream. */
async function expectManifest(ref: SessionRef, samples: number): Promise<void> {
  const manifest = await truth.readManifest(ref);
  const wavs = await Promise.all((manifest?.segments ?? []).map((segment) => store.get(segment.key)));
  const audio = new Int16Array(Buffer.concat(wavs.map((wav) => wav.subarray(44))).buffer.slice(0));
  expect(findAudioDifference(audio, { seed: 1, samples })).toBeNull();
  expect(manifest?.gaps ?? []).toEqual([]);
}

describe('a stream of a real session', () => {
  it('is in the manifest to its last sample when its client stops and then ends the session on another node', async () => {
    const document = await create();
    const client = await nodes[0]!.bench.connect(document.streamId);
    await send(client, 0, 31 * RATE + 7);
    await client.send('{"event":"stop"}');
    expect((await client.closed).code).toBe(1000);
    const answer = await nodes[1]!.sessions.end(document, { audio_files_sent: 0 });
    expect(answer.audio_files_received).toBeGreaterThan(1);
    await expectManifest(document, 31 * RATE + 7);
    expect((await truth.readManifest(document))?.issues).toEqual([]);
  });

  it('is closed by End on any node, with all that was sent before', async () => {
    const document = await create();
    const client = await nodes[0]!.bench.connect(document.streamId);
    await send(client, 0, 5 * RATE);
    await until(() => client.socket.bufferedAmount === 0);
    const ending = nodes[1]!.sessions.end(document, {});
    expect((await client.closed).code).toBe(1000);
    expect((await ending).audio_files).toEqual(['0.wav']);
    await expectManifest(document, 5 * RATE);
    await expect(nodes[0]!.bench.connect(document.streamId)).rejects.toThrow('400');
  });

  it('goes on in a new connection on another node, which takes over from the old one', async () => {
    const document = await create();
    const first = await open(nodes[0]!, document.streamId);
    await first.event('ready');
    await send(first, 0, 14 * RATE);
    await until(() => first.events().some((event) => event.event === 'ack' && event.durable === 14 * RATE));
    const second = await open(nodes[1]!, document.streamId);
    expect(await second.event('ready')).toMatchObject({ next_sample: 14 * RATE });
    expect((await first.closed).code).toBe(4409);
    await send(second, 14 * RATE, 4 * RATE);
    await second.send('{"event":"stop"}');
    await second.closed;
    await nodes[0]!.sessions.end(document, {});
    await expectManifest(document, 18 * RATE);
  });

  it('goes on where it stood when its node begins anew', async () => {
    const document = await create();
    const first = await open(nodes[0]!, document.streamId);
    await first.event('ready');
    await send(first, 0, 3 * RATE);
    await until(() => first.events().some((event) => event.event === 'ack' && event.durable === 3 * RATE));
    await nodes[0]!.stop(0);
    expect((await first.closed).code).toBe(1012);
    nodes[0] = await start(0);
    const second = await open(nodes[0], document.streamId);
    expect(await second.event('ready')).toMatchObject({ next_sample: 3 * RATE });
    await send(second, 3 * RATE, RATE);
    await second.send('{"event":"stop"}');
    expect((await second.closed).code).toBe(1000);
    await nodes[1]!.sessions.end(document, {});
    await expectManifest(document, 4 * RATE);
  });

  it('falls from a socket to HTTP on another node, and back', async () => {
    const document = await create();
    const path = `/voice/v1/stream/sessions/${document.streamId}/audio`;
    const first = await open(nodes[0]!, document.streamId);
    await first.event('ready');
    await send(first, 0, 3 * RATE);
    await until(() => first.events().some((event) => event.event === 'ack' && event.durable === 3 * RATE));
    first.socket.terminate();
    const { port } = nodes[1]!.bench;
    const asked = await callHttp(port, { path, method: 'HEAD' });
    expect(asked.headers['upload-offset']).toBe(String(6 * RATE));
    const headers = { 'Content-Type': 'application/partial-upload', 'Upload-Offset': String(6 * RATE) };
    const body = pcm(3 * RATE, RATE);
    const appended = await callHttp(port, { path, method: 'PATCH', headers, body });
    expect(appended).toMatchObject({ status: 204, headers: { 'upload-offset': String(8 * RATE) } });
    const again = await callHttp(port, { path, method: 'PATCH', headers, body });
    expect(again).toMatchObject({ status: 409, headers: { 'upload-offset': String(8 * RATE) } });
    const second = await open(nodes[0]!, document.streamId);
    expect(await second.event('ready')).toMatchObject({ next_sample: 4 * RATE });
    await send(second, 4 * RATE, RATE);
    await second.send('{"event":"stop"}');
    expect((await second.closed).code).toBe(1000);
    await nodes[1]!.sessions.end(document, {});
    await expectManifest(document, 5 * RATE);
    const ended = await callHttp(port, { path, method: 'HEAD' });
    expect(ended.headers).toMatchObject({ 'upload-offset': String(10 * RATE), 'upload-complete': '?1' });
    expect((await callHttp(port, { path, method: 'PATCH', headers, body })).status).toBe(400);
  });

  it('keeps its audio when Redis forgets everything in the middle of two connections', async () => {
    const document = await create();
    const first = await nodes[0]!.bench.connect(document.streamId);
    await send(first, 0, 3 * RATE);
    await first.send('{"event":"stop"}');
    await first.closed;
    await server.flushAll();
    const second = await nodes[1]!.bench.connect(document.streamId);
    await send(second, 3 * RATE, 3 * RATE);
    await second.send('{"event":"stop"}');
    expect((await second.closed).code).toBe(1000);
    await nodes[0]!.sessions.end(document, {});
    await expectManifest(document, 6 * RATE);
  });

  it('leaves nothing of an erased session', async () => {
    const document = await create();
    const client = await nodes[0]!.bench.connect(document.streamId);
    await send(client, 0, 30 * RATE);
    await nodes[1]!.sessions.erase(document);
    expect((await client.closed).code).toBe(1008);
    await until(() => nodes[0]!.bench.edge.liveCount() === 0);
    const left = async (): Promise<string[]> => {
      const keys: string[] = [];
      for await (const { key } of store.listAll('clinic/')) keys.push(key);
      return keys.filter((key) => !key.endsWith('/erased.json'));
    };
    await until(async () => (await left()).length === 0);
    await expect(nodes[0]!.bench.connect(document.streamId)).rejects.toThrow('404');
  });

  it('is refused for a session that takes files', async () => {
    const document = await create('chunked');
    const streamId = 'str_00000000000000000000000001';
    const pointer = createHash('sha256').update(streamId).digest('hex');
    await truth.createStreamPointer(pointer, { v: 1, tenant: 'clinic', sessionId: document.sessionId });
    await expect(nodes[0]!.bench.connect(streamId)).rejects.toThrow('400');
    expect(nodes[0]!.bench.edge.liveCount()).toBe(0);
    const path = `/voice/v1/stream/sessions/${streamId}/audio`;
    expect((await callHttp(nodes[0]!.bench.port, { path, method: 'HEAD' })).status).toBe(400);
  });

  it('goes on for its client while Redis is away', async () => {
    const document = await create();
    const client = await nodes[0]!.bench.connect(document.streamId);
    await send(client, 0, 12 * RATE);
    await server.kill();
    await send(client, 12 * RATE, 20 * RATE);
    await new Promise((done) => setTimeout(done, 7000));
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    await server.restart();
    await until(() => nodes[0]!.redis.status === 'ready');
    await send(client, 32 * RATE, 3 * RATE);
    await client.send('{"event":"stop"}');
    expect((await client.closed).code).toBe(1000);
    await nodes[1]!.sessions.end(document, {});
    await expectManifest(document, 35 * RATE);
  });
});

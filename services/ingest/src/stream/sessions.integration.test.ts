import { createHash, randomBytes } from 'node:crypto';
import { encodePcm16le } from '@earshot/audio';
import { CreateSessionRequest, LIMITS, type SessionDocument, type SessionRef } from '@earshot/protocol';
import {
  createRedisIndex,
  createSessions,
  type SessionIndex,
  type Sessions,
  type SessionsContext,
} from '@earshot/sessions';
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
import { Redis } from 'ioredis';
import { type Client, type EdgeBench, startEdge } from './testing/edge-bench.ts';

const RATE = 16_000;

interface Node {
  readonly redis: Redis;
  readonly index: SessionIndex;
  readonly sessions: Sessions;
  readonly bench: EdgeBench;
}

let server: TestRedis;
let folder: TemporaryFolder;
let store: ObjectStore;
let truth: SessionArchive;
let nodes: Node[];

async function startNode(name: string): Promise<Node> {
  const redis = new Redis(server.url, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  const index = createRedisIndex(redis, { node: name });
  const nothing = (): Promise<void> => Promise.resolve();
  const context: SessionsContext = {
    truth,
    index,
    queue: { decodeUploads: nothing, transcribe: nothing, announce: nothing },
    readObject: (key) => store.get(key),
    now: () => new Date(),
    randomBytes: (count) => randomBytes(count),
    warn: () => undefined,
    settings: {
      ttlSeconds: 3600,
      endTailWaitMs: LIMITS.endTailWaitMs,
      leaseMs: LIMITS.streamLeaseMs,
      onDifferentUpload: 'refuse',
    },
  };
  const sessions = createSessions(context);
  const bench = await startEdge({ sessions, index, store, node: name });
  return { redis, index, sessions, bench };
}

beforeAll(async () => {
  server = await startRedis();
});

afterAll(async () => {
  await server.stop();
});

beforeEach(async () => {
  await server.flushAll();
  folder = await temporaryFolder();
  store = createFolderStore(folder.path);
  truth = createSessionArchive(store);
  nodes = [await startNode('a'), await startNode('b')];
});

afterEach(async () => {
  for (const { bench, index, redis } of nodes) {
    await bench.close();
    await index.close();
    redis.disconnect();
  }
  await folder.remove();
});

async function create(
  uploadType: 'stream' | 'chunked' = 'stream',
): Promise<SessionDocument & { streamId: string }> {
  const request = CreateSessionRequest.parse({ upload_type: uploadType });
  const creator = { tenant: 'clinic', subject: 'key_1', test: true };
  const document = await nodes[0]!.sessions.create(creator, { request, idempotencyKey: undefined });
  return { ...document, streamId: document.streamId ?? 'str_none' };
}

async function send(client: Client, from: number, samples: number): Promise<void> {
  for (let at = from; at < from + samples; at += RATE) {
    await client.send(encodePcm16le(computedAudio(1, at, Math.min(RATE, from + samples - at))));
  }
}

async function manifestAudio(ref: SessionRef): Promise<Int16Array> {
  const manifest = await truth.readManifest(ref);
  const wavs = await Promise.all((manifest?.segments ?? []).map((segment) => store.get(segment.key)));
  return new Int16Array(Buffer.concat(wavs.map((wav) => wav.subarray(44))).buffer.slice(0));
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
    expect(
      findAudioDifference(await manifestAudio(document), { seed: 1, samples: 31 * RATE + 7 }),
    ).toBeNull();
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
    expect(findAudioDifference(await manifestAudio(document), { seed: 1, samples: 5 * RATE })).toBeNull();
    await expect(nodes[0]!.bench.connect(document.streamId)).rejects.toThrow('400');
  });

  it('goes on in a new connection on another node, which takes over from the old one', async () => {
    const document = await create();
    const first = await nodes[0]!.bench.connect(document.streamId);
    await send(first, 0, 14 * RATE);
    await new Promise((done) => setTimeout(done, 300));
    const second = await nodes[1]!.bench.connect(document.streamId);
    expect((await first.closed).code).toBe(4409);
    await send(second, 14 * RATE, 4 * RATE);
    await second.send('{"event":"stop"}');
    await second.closed;
    const answer = await nodes[0]!.sessions.end(document, {});
    expect(answer.audio_files).toEqual(['0.wav', '1.wav', '2.wav'].slice(0, answer.audio_files.length));
    expect(findAudioDifference(await manifestAudio(document), { seed: 1, samples: 18 * RATE })).toBeNull();
    expect((await truth.readStreams(document)).map(({ epoch, closedBy }) => [epoch, closedBy])).toEqual([
      [1, 'superseded'],
      [2, 'stop'],
    ]);
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
    expect(findAudioDifference(await manifestAudio(document), { seed: 1, samples: 6 * RATE })).toBeNull();
  });

  it('leaves nothing of an erased session', async () => {
    const document = await create();
    const client = await nodes[0]!.bench.connect(document.streamId);
    await send(client, 0, 30 * RATE);
    await nodes[1]!.sessions.erase(document);
    expect((await client.closed).code).toBe(1006);
    await until(() => nodes[0]!.bench.edge.liveCount() === 0);
    const left: string[] = [];
    for await (const { key } of store.listAll('clinic/')) left.push(key);
    expect(left.filter((key) => !key.endsWith('/erased.json'))).toEqual([]);
    await expect(nodes[0]!.bench.connect(document.streamId)).rejects.toThrow('404');
  });

  it('is refused for a session that takes files', async () => {
    const document = await create('chunked');
    const streamId = 'str_00000000000000000000000001';
    const pointer = createHash('sha256').update(streamId).digest('hex');
    await truth.createStreamPointer(pointer, { v: 1, tenant: 'clinic', sessionId: document.sessionId });
    await expect(nodes[0]!.bench.connect(streamId)).rejects.toThrow('400');
    expect(nodes[0]!.bench.edge.liveCount()).toBe(0);
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
    expect(findAudioDifference(await manifestAudio(document), { seed: 1, samples: 35 * RATE })).toBeNull();
  });
});

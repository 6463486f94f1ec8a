import { encodePcm16le } from '@earshot/audio';
import { CreateSessionRequest, type SegmentEntry, type SessionDocument } from '@earshot/protocol';
import { createFolderStore, createSessionArchive, type ObjectStore } from '@earshot/storage';
import {
  computedAudio,
  findAudioDifference,
  startRedis,
  synthesizeSpeech,
  type TemporaryFolder,
  type TestRedis,
  temporaryFolder,
  until,
} from '@earshot/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Client, EVENTS, speaking } from './testing/client.ts';
import { callHttp, sendHttp } from './testing/http-exchange.ts';
import { type RealNode, type RealNodeOptions, startRealNode } from './testing/real-node.ts';

const RATE = 16_000;

type Created = SessionDocument & { streamId: string };

let server: TestRedis;
let folder: TemporaryFolder;
let journal: TemporaryFolder;
let store: ObjectStore;
let node: RealNode;

async function start(options: Partial<RealNodeOptions> = {}): Promise<void> {
  node = await startRealNode({ name: 'node', redisUrl: server.url, store, folder: journal, ...options });
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
  journal = await temporaryFolder();
  store = createFolderStore(folder.path);
});

afterEach(async () => {
  await node.stop();
  expect(node.bench.edge.liveCount()).toBe(0);
  await folder.remove();
  await journal.remove();
});

async function create(): Promise<Created> {
  const request = CreateSessionRequest.parse({ upload_type: 'stream' });
  const creator = { tenant: 'clinic', subject: 'key_1', test: true };
  const document = await node.sessions.create(creator, { request, idempotencyKey: undefined });
  return { ...document, streamId: document.streamId ?? 'str_none' };
}

async function stop(client: Client): Promise<void> {
  await client.send('{"event":"stop"}');
  expect((await client.closed).code).toBe(1000);
}

/** The stored segments of a session when it is recorded that they are all. */
async function recorded(document: Created): Promise<readonly SegmentEntry[]> {
  const archive = createSessionArchive(store);
  const isThere = async (): Promise<boolean> => (await archive.readStreams(document)).length === 1;
  await until(isThere, { what: 'the record', timeoutMs: 60_000 });
  const [record] = await archive.readStreams(document);
  expect(record?.gaps).toEqual([]);
  return record?.segments ?? [];
}

/** Names (behind the session) and digests of a session's stored segments. */
async function digests(document: Created): Promise<string[]> {
  const segments = await recorded(document);
  return segments.map(({ key, sha256 }) => `${key.split(document.sessionId)[1]} ${sha256}`);
}

function cuts(length: number, sizes: readonly number[]): [number, number][] {
  const pairs: [number, number][] = [];
  for (let at = 0, i = 0; at < length; i += 1) {
    const to = Math.min(length, at + (sizes[i % sizes.length] ?? 1000));
    pairs.push([at, to]);
    at = to;
  }
  return pairs;
}

type Audio = (fromSample: number, samples: number) => Buffer;

/** Endless PCM bytes that repeat every `period` samples: cheap to make and to check. */
function repeated(seed: number, period: number): Audio {
  const once = encodePcm16le(computedAudio(seed, 0, period));
  const copies = Buffer.concat(Array.from({ length: Math.ceil((26 * RATE) / period) + 1 }, () => once));
  return (fromSample, samples) => {
    const from = (fromSample % period) * 2;
    return copies.subarray(from, from + samples * 2);
  };
}

/** The segments of a session concatenate to exactly that audio. */
async function expectStored(document: Created, audio: Audio, samples: number): Promise<void> {
  let position = 0;
  for (const segment of await recorded(document)) {
    expect(segment.firstSample).toBe(position);
    const wav = await store.get(segment.key);
    expect(audio(position, segment.samples).equals(wav.subarray(44))).toBe(true);
    position += segment.samples;
  }
  expect(position).toBe(samples);
}

describe('the stream edge', () => {
  it('stores the same segments whatever the pieces, over sockets, JSON, HTTP bodies and appends', async () => {
    await start();
    const speech = await synthesizeSpeech(
      'Good morning. The patient has had a dry cough for two weeks. There is no fever, and no pain. We will look at it again on Monday.',
      { sampleRate: RATE },
    );
    const samples = new Int16Array(speech.length * 6);
    for (let i = 0; i < 6; i += 1) samples.set(speech, i * speech.length);
    const bytes = encodePcm16le(samples);
    const piece = fc.integer({ min: 1, max: 20_000 });
    const sizes = fc.sample(fc.array(piece, { minLength: 50, maxLength: 50 }), { numRuns: 4, seed: 7 });
    const sessions = await Promise.all(Array.from({ length: 5 }, () => create()));
    const [plain, acknowledged, json, body, appended] = sessions as [
      Created,
      Created,
      Created,
      Created,
      Created,
    ];
    const urlOf = ({ streamId }: Created): string => `/voice/v1/stream/sessions/${streamId}/audio`;

    for (const [i, options] of [{}, EVENTS].entries()) {
      const client = await node.bench.connect([plain, acknowledged][i]!.streamId, options);
      for (const [from, to] of cuts(bytes.length, sizes[i]!)) await client.send(bytes.subarray(from, to));
      await stop(client);
    }
    const envelope = await node.bench.connect(json.streamId);
    await envelope.send(
      '{"event":"start","start":{"mediaFormat":{"encoding":"audio/x-l16","sampleRate":16000}}}',
    );
    for (const [from, to] of cuts(bytes.length, sizes[2]!)) {
      const payload = Buffer.from(bytes.subarray(from, to)).toString('base64');
      await envelope.send(JSON.stringify({ event: 'media', media: { payload } }));
    }
    await stop(envelope);

    const { request, answer } = sendHttp(node.bench.port, {
      path: urlOf(body),
      method: 'POST',
      headers: { 'Content-Type': 'audio/l16;rate=16000', 'Transfer-Encoding': 'chunked' },
    });
    for (const [from, to] of cuts(bytes.length, sizes[3]!)) request.write(bytes.subarray(from, to));
    request.end();
    expect(await answer).toMatchObject({ status: 200, body: { received_bytes: bytes.length } });

    for (const [from, to] of cuts(bytes.length, [400_000, 100_002])) {
      const headers = {
        'Content-Type': 'application/partial-upload',
        'Upload-Offset': String(from),
        'Upload-Complete': to === bytes.length ? '?1' : '?0',
      };
      const call = { path: urlOf(appended), method: 'PATCH', headers, body: bytes.subarray(from, to) };
      expect((await callHttp(node.bench.port, call)).status).toBe(204);
    }
    const [first, ...others] = await Promise.all(sessions.map(digests));
    expect(first!.length).toBeGreaterThan(2);
    for (const other of others) expect(other).toEqual(first);
    expect(await answer).toMatchObject({ body: { segments: first!.length } });
  }, 60_000);

  it('takes an hour of audio as fast as the socket gives it in constant memory, sample for sample', async () => {
    await start();
    const document = await create();
    const client = await node.bench.connect(document.streamId);
    const audio = repeated(1, 7 * RATE + 13);
    const total = 3600 * RATE;
    let peak = 0;
    const before = process.memoryUsage.rss();
    for (let at = 0; at < total; at += RATE) {
      await client.send(audio(at, RATE));
      peak = Math.max(peak, process.memoryUsage.rss() - before);
    }
    await stop(client);
    expect(peak).toBeLessThan(150_000_000);
    await expectStored(document, audio, total);
  }, 120_000);

  it('takes and acknowledges all while storage is away, and stores it when that is back', async () => {
    let away = true;
    const flaky: ObjectStore = {
      ...store,
      put: (key, body, options) =>
        away && key.endsWith('.wav')
          ? Promise.reject(new Error('storage is away'))
          : store.put(key, body, options),
    };
    await start({ store: flaky });
    const document = await create();
    const client = speaking(await node.bench.connect(document.streamId, EVENTS));
    await client.event('ready');
    const audio = repeated(2, 5 * RATE + 1);
    const total = 300 * RATE;
    for (let at = 0; at < total; at += RATE) await client.send(audio(at, RATE));
    const acked = () => client.events().findLast((event) => event.event === 'ack');
    await until(() => acked()?.durable === total);
    expect(acked()?.archived).toBe(0);
    expect(node.bench.edge.capacity().backlog_bytes).toBeGreaterThan(200 * RATE * 2);
    away = false;
    await until(() => (acked()?.archived ?? 0) > 250 * RATE, { timeoutMs: 20_000 });
    await stop(client);
    await expectStored(document, audio, total);
  }, 60_000);

  it('keeps many streams apart', async () => {
    await start();
    const documents = await Promise.all(Array.from({ length: 8 }, () => create()));
    const clients = await Promise.all(documents.map(({ streamId }) => node.bench.connect(streamId)));
    for (let at = 0; at < 12 * RATE; at += 4000) {
      await Promise.all(
        clients.map((client, i) => client.send(encodePcm16le(computedAudio(10 + i, at, 4000)))),
      );
    }
    await Promise.all(clients.map(stop));
    for (const [i, document] of documents.entries()) {
      const segments = await recorded(document);
      const wavs = await Promise.all(segments.map((segment) => store.get(segment.key)));
      const samples = new Int16Array(Buffer.concat(wavs.map((wav) => wav.subarray(44))).buffer.slice(0));
      expect(findAudioDifference(samples, { seed: 10 + i, samples: 12 * RATE })).toBeNull();
    }
  });

  it('counts its streams, bytes and segments', async () => {
    const counts: Record<string, number> = {};
    const add = (name: string, by = 1): void =>
      void Object.assign(counts, { [name]: (counts[name] ?? 0) + by });
    await start({
      metrics: {
        streamOpened: (transport) => add(`opened ${transport}`),
        streamClosed: (transport, { closedBy, dialect }) => add(`closed ${transport} ${closedBy} ${dialect}`),
        segmentStored: (bytes, cut) => add(`stored ${cut}`, bytes),
        bytesReceived: (transport, bytes) => add(`bytes ${transport}`, bytes),
      },
    });
    const [first, second] = [await create(), await create()];
    const client = await node.bench.connect(first.streamId);
    await client.send(encodePcm16le(computedAudio(3, 0, RATE)));
    await stop(client);
    await callHttp(node.bench.port, {
      path: `/voice/v1/stream/sessions/${second.streamId}/audio`,
      method: 'POST',
      headers: { 'Content-Type': 'audio/l16;rate=16000' },
      body: encodePcm16le(computedAudio(3, 0, RATE)),
    });
    await recorded(first);
    await until(() => counts['closed http stop http-pcm'] === 1);
    expect(counts).toEqual({
      'opened websocket': 1,
      'bytes websocket': 32_016,
      'closed websocket stop raw': 1,
      'opened http': 1,
      'bytes http': 32_000,
      'closed http stop http-pcm': 1,
      'stored end': 2 * 32_044,
    });
  });

  it('stops within its deadline when storage never answers, and goes on from its journal', async () => {
    const stuck: ObjectStore = {
      ...store,
      put: (key, body, options) =>
        key.endsWith('.wav') ? new Promise(() => undefined) : store.put(key, body, options),
    };
    await start({ store: stuck });
    const document = await create();
    const client = await node.bench.connect(document.streamId);
    const audio = repeated(4, RATE);
    await client.send(audio(0, RATE));
    await until(() => client.socket.bufferedAmount === 0);
    await new Promise((done) => setTimeout(done, 100));
    const began = performance.now();
    await node.stop(2000);
    expect(performance.now() - began).toBeLessThan(6000);
    expect((await client.closed).code).toBe(1012);
    await start();
    const next = await node.bench.connect(document.streamId);
    await next.send(audio(0, RATE));
    await stop(next);
    await expectStored(document, audio, 2 * RATE);
  });
});

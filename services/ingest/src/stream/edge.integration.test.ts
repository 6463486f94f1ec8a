import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { encodePcm16le } from '@earshot/audio';
import { createFolderStore, type ObjectStore } from '@earshot/storage';
import {
  computedAudio,
  findAudioDifference,
  synthesizeSpeech,
  type TemporaryFolder,
  temporaryFolder,
} from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Client, type EdgeBench, type EdgeBenchDeps, startEdge } from './testing/edge-bench.ts';
import { createMemorySessions, type MemorySession, type MemorySessions } from './testing/memory-sessions.ts';

const RATE = 16_000;
const STREAMS = Array.from({ length: 8 }, (_, i) => `str_0000000000000000000000000${i}`);

let folder: TemporaryFolder;
let store: ObjectStore;
let sessions: MemorySessions;
let kept: MemorySession[];
let bench: EdgeBench;

async function start(deps: Partial<EdgeBenchDeps> = {}): Promise<void> {
  bench = await startEdge({ sessions, index: sessions, store, ...deps });
}

beforeEach(async () => {
  folder = await temporaryFolder();
  store = createFolderStore(folder.path);
  sessions = createMemorySessions();
  kept = STREAMS.map((stream, i) => sessions.add(stream, `ses_000000000000000${i}`));
});

afterEach(async () => {
  await bench.close();
  expect(bench.edge.liveCount()).toBe(0);
  await folder.remove();
});

async function stop(client: Client): Promise<void> {
  await client.send('{"event":"stop"}');
  expect((await client.closed).code).toBe(1000);
}

/** Names (behind the session) and digests of a session's stored segments. */
async function stored(session: MemorySession): Promise<string[]> {
  const objects: string[] = [];
  const root = `clinic/${session.ref.sessionId}/`;
  for await (const { key } of store.listAll(root)) {
    const digest = createHash('sha256')
      .update(await store.get(key))
      .digest('hex');
    objects.push(`${key.slice(root.length)} ${digest}`);
  }
  return objects;
}

async function post(
  stream: string,
  bytes: Uint8Array,
  sizes: readonly number[],
): Promise<number | undefined> {
  const sent = request({
    port: bench.port,
    host: '127.0.0.1',
    path: `/feed/${stream}`,
    method: 'POST',
    headers: { 'Content-Type': 'audio/l16;rate=16000', 'Transfer-Encoding': 'chunked' },
    agent: false,
  });
  for (const [from, to] of cuts(bytes.length, sizes)) sent.write(bytes.subarray(from, to));
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
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

/** The segments of a session's first record concatenate to exactly that audio. */
async function expectStored(session: MemorySession, audio: Audio, samples: number): Promise<void> {
  let position = 0;
  for (const segment of session.records[0]!.segments) {
    expect(segment.firstSample).toBe(position);
    const wav = await store.get(segment.key);
    expect(audio(position, segment.samples).equals(wav.subarray(44))).toBe(true);
    position += segment.samples;
  }
  expect(position).toBe(samples);
}

describe('the stream edge', () => {
  it('stores the same segments whatever the frame sizes, over sockets, JSON and HTTP bodies', async () => {
    await start();
    const speech = await synthesizeSpeech(
      'Good morning. The patient has had a dry cough for two weeks. There is no fever, and no pain. We will look at it again on Monday.',
      { sampleRate: RATE },
    );
    const samples = new Int16Array(speech.length * 6);
    for (let i = 0; i < 6; i += 1) samples.set(speech, i * speech.length);
    const bytes = encodePcm16le(samples);
    const sizes = fc.sample(fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 50, maxLength: 50 }), {
      numRuns: 4,
      seed: 7,
    });
    for (const i of [0, 1]) {
      const client = await bench.connect(STREAMS[i]!);
      for (const [from, to] of cuts(bytes.length, sizes[i]!)) await client.send(bytes.subarray(from, to));
      await stop(client);
    }
    const json = await bench.connect(STREAMS[2]!);
    await json.send(
      '{"event":"start","start":{"mediaFormat":{"encoding":"audio/x-l16","sampleRate":16000}}}',
    );
    for (const [from, to] of cuts(bytes.length, sizes[2]!)) {
      const payload = Buffer.from(bytes.subarray(from, to)).toString('base64');
      await json.send(JSON.stringify({ event: 'media', media: { payload } }));
    }
    await stop(json);
    expect(await post(STREAMS[3]!, bytes, sizes[3]!)).toBe(200);
    const [first, ...others] = await Promise.all(kept.slice(0, 4).map(stored));
    expect(first!.length).toBeGreaterThan(2);
    for (const other of others) expect(other).toEqual(first);
  }, 60_000);

  it('takes an hour of audio as fast as the socket gives it in constant memory, sample for sample', async () => {
    await start();
    const client = await bench.connect(STREAMS[0]!);
    const audio = repeated(1, 7 * RATE + 13);
    const total = 3600 * RATE;
    let peak = 0;
    const before = process.memoryUsage.rss();
    for (let at = 0; at < total; at += RATE) {
      await client.send(audio(at, RATE));
      peak = Math.max(peak, process.memoryUsage.rss() - before);
    }
    await stop(client);
    expect(peak).toBeLessThan(100_000_000);
    await expectStored(kept[0]!, audio, total);
  }, 120_000);

  it('loses nothing while storage is away, slows the sender down meanwhile, and does not take it for dead', async () => {
    let away = true;
    const flaky: ObjectStore = {
      ...store,
      put: (key, body, options) =>
        away ? Promise.reject(new Error('storage is away')) : store.put(key, body, options),
    };
    await start({ store: flaky, limits: { pingIntervalMs: 300, streamIdleMs: 3000 } });
    const client = await bench.connect(STREAMS[0]!);
    const audio = repeated(2, 5 * RATE + 1);
    const total = 600 * RATE;
    let sent = 0;
    const sending = (async () => {
      for (; sent < total; sent += RATE) await client.send(audio(sent, RATE));
    })();
    await new Promise((done) => setTimeout(done, 6000));
    expect(sent).toBeLessThan(total);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    away = false;
    await sending;
    await stop(client);
    expect(kept[0]!.records).toMatchObject([
      { closedBy: 'stop', gaps: [], coverage: [{ storedSamples: total }] },
    ]);
    await expectStored(kept[0]!, audio, total);
    expect(bench.log.lines.filter((line) => line.message.includes('trying again')).length).toBeLessThan(20);
  }, 60_000);

  it('keeps many streams apart', async () => {
    await start();
    const clients = await Promise.all(STREAMS.map((stream) => bench.connect(stream)));
    for (let at = 0; at < 30 * RATE; at += 4000) {
      await Promise.all(
        clients.map((client, i) => client.send(encodePcm16le(computedAudio(10 + i, at, 4000)))),
      );
    }
    await Promise.all(clients.map(stop));
    for (const [i, session] of kept.entries()) {
      const segments = session.records[0]!.segments;
      const wavs = await Promise.all(segments.map((segment) => store.get(segment.key)));
      const samples = new Int16Array(Buffer.concat(wavs.map((wav) => wav.subarray(44))).buffer.slice(0));
      expect(findAudioDifference(samples, { seed: 10 + i, samples: 30 * RATE })).toBeNull();
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
    const client = await bench.connect(STREAMS[0]!);
    await client.send(encodePcm16le(computedAudio(3, 0, RATE)));
    await stop(client);
    await post(STREAMS[1]!, encodePcm16le(computedAudio(3, 0, RATE)), [1000]);
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

  it('stops within its deadline when storage never answers, and says what is left', async () => {
    const stuck: ObjectStore = { ...store, put: () => new Promise(() => undefined) };
    await start({ store: stuck });
    const client = await bench.connect(STREAMS[0]!);
    await client.send(encodePcm16le(computedAudio(4, 0, RATE)));
    await new Promise((done) => setTimeout(done, 100));
    const began = performance.now();
    await bench.edge.close(1500);
    expect(performance.now() - began).toBeLessThan(1600);
    expect(kept[0]!.records).toMatchObject([{ gaps: [{ reason: 'dropped', from: 0, to: RATE }] }]);
    expect((await client.closed).code).toBe(1001);
  });
});

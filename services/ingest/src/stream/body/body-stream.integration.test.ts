import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { decodeMulaw, encodeMulaw, encodePcm16le } from '@earshot/audio';
import { createFolderStore, type ObjectStore } from '@earshot/storage';
import {
  computedAudio,
  findAudioDifference,
  type TemporaryFolder,
  temporaryFolder,
  until,
} from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { StreamLimits } from '../context/ports.ts';
import { type EdgeBench, type EdgeBenchDeps, startEdge } from '../testing/edge-bench.ts';
import { createMemorySessions, type MemorySession, type MemorySessions } from '../testing/memory-sessions.ts';

const STREAM = 'str_00000000000000000000000001';
const RATE = 16_000;
const PCM = 'audio/l16;rate=16000';

let folder: TemporaryFolder;
let store: ObjectStore;
let sessions: MemorySessions;
let session: MemorySession;
let bench: EdgeBench;

async function start(limits: Partial<StreamLimits> = {}, deps: Partial<EdgeBenchDeps> = {}): Promise<void> {
  bench = await startEdge({ sessions, index: sessions, store, limits, ...deps });
}

beforeEach(async () => {
  folder = await temporaryFolder();
  store = createFolderStore(folder.path);
  sessions = createMemorySessions();
  session = sessions.add(STREAM, 'ses_0000000000000001');
});

afterEach(async () => {
  await bench.close();
  expect(bench.edge.liveCount()).toBe(0);
  await folder.remove();
});

const pcm = (seed: number, from: number, samples: number): Uint8Array =>
  encodePcm16le(computedAudio(seed, from, samples));

function post(contentType: string): {
  request: ClientRequest;
  answer: Promise<{ status: number; body: Record<string, unknown> }>;
} {
  const headers = { 'Content-Type': contentType, 'Transfer-Encoding': 'chunked' };
  const sent = request({
    port: bench.port,
    host: '127.0.0.1',
    path: `/feed/${STREAM}`,
    method: 'POST',
    headers,
    agent: false,
  });
  sent.on('error', () => undefined);
  const answer = once(sent, 'response').then(async ([response]: IncomingMessage[]) => {
    const parts: Buffer[] = [];
    for await (const part of response!) parts.push(part as Buffer);
    return {
      status: response!.statusCode ?? 0,
      body: JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>,
    };
  });
  answer.catch(() => undefined);
  return { request: sent, answer };
}

async function storedSamples(): Promise<Int16Array> {
  const segments = session.records.flatMap((record) => record.segments);
  const wavs = await Promise.all(segments.map((segment) => store.get(segment.key)));
  return new Int16Array(Buffer.concat(wavs.map((wav) => wav.subarray(44))).buffer.slice(0));
}

const code = (body: Record<string, unknown>): unknown => (body['error'] as { code: string }).code;

describe('a streamed body', () => {
  it('feeds a session as it arrives and answers when all is stored', async () => {
    await start();
    const { request: sent, answer } = post(PCM);
    const bytes = Buffer.concat([pcm(1, 0, 30 * RATE), Buffer.from([7])]);
    for (let at = 0; at < bytes.length; at += 9999) sent.write(bytes.subarray(at, at + 9999));
    await until(() => session.segments.length > 0);
    expect(session.records).toEqual([]);
    sent.end();
    const { status, body } = await answer;
    const segments = session.records[0]?.segments.length;
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        session_id: 'ses_0000000000000001',
        success: true,
        received_bytes: 960_001,
        received_samples: 480_000,
        segments,
      },
    });
    expect(session.records).toMatchObject([
      {
        transport: 'http',
        dialect: 'http-pcm',
        encoding: 'audio/l16',
        bigEndian: false,
        closedBy: 'stop',
        oddBytes: 1,
      },
    ]);
    expect(findAudioDifference(await storedSamples(), { seed: 1, samples: 30 * RATE })).toBeNull();
  });

  it('takes big-endian samples and mu-law when the content type says so', async () => {
    await start();
    const big = post('audio/l16;rate=8000;endianness=big');
    big.request.end(Buffer.from(pcm(2, 0, 8000)).swap16());
    expect((await big.answer).status).toBe(200);
    const mulaw = encodeMulaw(computedAudio(2, 8000, 8000));
    const second = post('audio/basic');
    second.request.end(mulaw);
    expect((await second.answer).status).toBe(200);
    const stored = await storedSamples();
    expect(findAudioDifference(stored.subarray(0, 8000), { seed: 2, samples: 8000 })).toBeNull();
    expect(stored.subarray(8000)).toEqual(decodeMulaw(mulaw));
  });

  it('keeps what came when it is cut off in the middle', async () => {
    await start();
    const { request: sent } = post(PCM);
    sent.write(pcm(3, 0, 3 * RATE));
    await new Promise((done) => setTimeout(done, 200));
    sent.destroy();
    await until(() => session.records.length === 1);
    expect(session.records).toMatchObject([{ closedBy: 'client' }]);
    expect(findAudioDifference(await storedSamples(), { seed: 3, samples: 3 * RATE })).toBeNull();
  });

  it('gives its stream back when the client has gone before the session let it in', async () => {
    const open = sessions.openStream;
    sessions.openStream = async (ref, node) => {
      await new Promise((done) => setTimeout(done, 100));
      return await open(ref, node);
    };
    await start();
    const { request: sent } = post(PCM);
    sent.write(pcm(11, 0, RATE));
    await until(() => bench.edge.liveCount() === 1);
    sent.destroy();
    await until(() => session.records.length === 1);
    expect(session.records).toMatchObject([{ closedBy: 'client' }]);
  });

  it.each([
    ['audio/webm', 415, 'unsupported_media_type'],
    ['audio/l16;rate=1234', 400, 'invalid_audio_format'],
    ['audio/l16;rate=16000;channels=2', 400, 'invalid_audio_format'],
  ])('is refused for %s before the session is touched', async (type, status, expected) => {
    await start();
    const { request: sent, answer } = post(type);
    sent.end(pcm(4, 0, 100));
    const { status: answered, body } = await answer;
    expect([answered, code(body)]).toEqual([status, expected]);
    expect(session.epoch).toBe(0);
  });

  it('ends when End is asked for, with what came before, and says so', async () => {
    await start();
    const { request: sent, answer } = post(PCM);
    sent.write(pcm(5, 0, 3 * RATE));
    await until(() => bench.edge.liveCount() === 1);
    sessions.notify({ ref: session.ref, reason: 'end', epoch: 1 });
    const { status, body } = await answer;
    sent.destroy();
    expect([status, code(body)]).toEqual([400, 'session_ended']);
    expect(body).toMatchObject({ error: { details: { received_samples: 3 * RATE, segments: 1 } } });
    expect(session.records).toMatchObject([{ closedBy: 'server' }]);
    expect(findAudioDifference(await storedSamples(), { seed: 5, samples: 3 * RATE })).toBeNull();
  });

  it('gives way to a newer connection of either kind', async () => {
    await start();
    const body = post(PCM);
    body.request.write(pcm(6, 0, RATE));
    await until(() => bench.edge.liveCount() === 1);
    await new Promise((done) => setTimeout(done, 100));
    const socket = await bench.connect(STREAM);
    expect(code((await body.answer).body)).toBe('stream_superseded');
    body.request.destroy();
    await socket.send(pcm(6, RATE, RATE));
    await new Promise((done) => setTimeout(done, 100));
    const last = post(PCM);
    last.request.end(pcm(6, 2 * RATE, RATE));
    expect((await last.answer).status).toBe(200);
    expect((await socket.closed).code).toBe(4409);
    expect(findAudioDifference(await storedSamples(), { seed: 6, samples: 3 * RATE })).toBeNull();
  });

  it('is given up when nothing comes for too long', async () => {
    await start({ streamIdleMs: 500 });
    const { request: sent, answer } = post(PCM);
    sent.write(pcm(7, 0, RATE));
    expect(await answer).toMatchObject({ status: 408, body: { error: { code: 'stream_idle' } } });
    sent.destroy();
    expect(session.records).toMatchObject([{ closedBy: 'server', segments: [{ samples: RATE }] }]);
  });

  it('is not read faster than storage takes it, and then goes on to its end', async () => {
    let open = false;
    const waiting: (() => void)[] = [];
    const slow: ObjectStore = {
      ...store,
      async put(key, bytes, options) {
        if (!open) await new Promise<void>((resolve) => waiting.push(resolve));
        return await store.put(key, bytes, options);
      },
    };
    await start({ intakeHighWaterBytes: 500_000, streamIdleMs: 1000 }, { store: slow });
    const { request: sent, answer } = post(PCM);
    let written = 0;
    for (; written < 300 && sent.writableLength < 500_000; written += 1) {
      sent.write(pcm(8, written * RATE, RATE));
      await new Promise((done) => setTimeout(done, 2));
    }
    expect(written).toBeLessThan(300);
    await new Promise((done) => setTimeout(done, 2500));
    expect(session.records).toEqual([]);
    open = true;
    for (const go of waiting) go();
    sent.end();
    expect((await answer).status).toBe(200);
    expect(findAudioDifference(await storedSamples(), { seed: 8, samples: written * RATE })).toBeNull();
  });

  it('is refused once the node stops', async () => {
    await start();
    const running = post(PCM);
    running.request.write(pcm(9, 0, RATE));
    await until(() => bench.edge.liveCount() === 1);
    await bench.edge.close(5000);
    expect(code((await running.answer).body)).toBe('shutting_down');
    running.request.destroy();
    const late = post(PCM);
    late.request.end();
    expect((await late.answer).status).toBe(503);
    expect(session.records).toMatchObject([{ segments: [{ samples: RATE }] }]);
  });

  it('is dropped with its session', async () => {
    await start();
    const { request: sent, answer } = post(PCM);
    sent.write(pcm(10, 0, 3 * RATE));
    await until(() => bench.edge.liveCount() === 1);
    sessions.notify({ ref: session.ref, reason: 'erased', epoch: 1 });
    expect((await answer).status).toBe(404);
    sent.destroy();
    expect(session.records).toEqual([]);
    expect((await store.list('')).objects).toEqual([]);
  });
});

import { createHash } from 'node:crypto';
import { decodeMulaw, encodeMulaw, encodePcm16le, encodeWav } from '@earshot/audio';
import { EarshotError, type SessionRef } from '@earshot/protocol';
import { computedAudio, findAudioDifference, until } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EdgeLimits } from '../edge-context.ts';
import { type EdgeBench, startEdge } from '../testing/edge-bench.ts';
import { type HttpExchange, sendHttp } from '../testing/http-exchange.ts';
import { createMemoryHost, type MemoryHost } from '../testing/memory-host.ts';
import { createMemorySessions, type MemorySessions } from '../testing/memory-sessions.ts';
import type { MemoryStream } from '../testing/memory-stream.ts';

const STREAM = 'str_00000000000000000000000001';
const RATE = 16_000;
const PCM = 'audio/l16;rate=16000';

let host: MemoryHost;
let sessions: MemorySessions;
let ref: SessionRef;
let stream: MemoryStream;
let bench: EdgeBench;

async function start(limits: Partial<EdgeLimits> = {}): Promise<void> {
  bench = await startEdge({ sessions: sessions.sessions, host, limits });
}

beforeEach(() => {
  host = createMemoryHost();
  sessions = createMemorySessions();
  ref = sessions.add(STREAM, 'ses_0000000000000001');
  stream = host.stream(ref);
});

afterEach(async () => {
  host.commit.release();
  await bench.close();
  expect(bench.edge.liveCount()).toBe(0);
});

const pcm = (seed: number, from: number, samples: number): Uint8Array =>
  encodePcm16le(computedAudio(seed, from, samples));
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

function post(contentType: string, headers: Record<string, string> = {}): HttpExchange {
  return sendHttp(bench.port, {
    path: `/voice/v1/stream/sessions/${STREAM}/audio`,
    method: 'POST',
    headers: { 'Content-Type': contentType, 'Transfer-Encoding': 'chunked', ...headers },
  });
}

/** The stream has exactly that audio. */
function expectAudio(seed: number, samples: number): void {
  expect(findAudioDifference(stream.samples(), { seed, samples })).toBeNull();
}

const code = (body: Record<string, unknown>): unknown => (body['error'] as { code: string }).code;

describe('a streamed body', () => {
  it('feeds a session as it arrives and answers when all is durable', async () => {
    await start();
    const { request: sent, answer } = post(PCM);
    const bytes = Buffer.concat([pcm(1, 0, 3 * RATE), Buffer.from([7])]);
    for (let at = 0; at < bytes.length; at += 9999) sent.write(bytes.subarray(at, at + 9999));
    await until(() => stream.samples().length === 3 * RATE);
    host.commit.hold();
    sent.end();
    await until(() => stream.ends.length === 1);
    expect(await Promise.race([answer, pause(50)])).toBeUndefined();
    host.commit.release();
    const { status, body } = await answer;
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        session_id: 'ses_0000000000000001',
        success: true,
        received_bytes: 96_001,
        received_samples: 48_000,
        segments: 1,
      },
    });
    const format = { dialect: 'http-pcm', encoding: 'audio/l16', bigEndian: false };
    expect(stream.ends).toMatchObject([{ closedBy: 'stop', format, stats: { oddBytes: 1 } }]);
    expect(host.opened).toEqual([{ transport: 'http' }]);
    expectAudio(1, 3 * RATE);
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
    const taken = stream.samples();
    expect(findAudioDifference(taken.subarray(0, 8000), { seed: 2, samples: 8000 })).toBeNull();
    expect(taken.subarray(8000)).toEqual(decodeMulaw(mulaw));
  });

  it('keeps what came when it is cut off in the middle', async () => {
    await start();
    const { request: sent } = post(PCM);
    sent.write(pcm(3, 0, 3 * RATE));
    await until(() => stream.samples().length === 3 * RATE);
    sent.destroy();
    await until(() => stream.ends.length === 1);
    expect(stream.closedBy).toEqual(['client']);
    expectAudio(3, 3 * RATE);
  });

  it('gives its stream back when the client has gone before the session let it in', async () => {
    host.beforeOpen = () => pause(100);
    await start();
    const { request: sent } = post(PCM);
    sent.write(pcm(11, 0, RATE));
    await until(() => bench.edge.liveCount() === 1);
    sent.destroy();
    await until(() => stream.ends.length === 1);
    expect(stream.closedBy).toEqual(['client']);
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
    expect(stream.epoch).toBe(0);
  });

  it('is refused when it is a WAV file, before a sample is taken, and may come again as what it should be', async () => {
    await start();
    const { request: sent, answer } = post(PCM);
    sent.write(encodeWav(computedAudio(4, 0, 1000), RATE));
    const { status, body } = await answer;
    sent.destroy();
    expect([status, body]).toMatchObject([
      400,
      {
        error: {
          code: 'invalid_audio_format',
          message: expect.stringContaining('WAV file'),
          details: { received_samples: 0 },
        },
      },
    ]);
    expect(stream.samples()).toHaveLength(0);
    const right = post(PCM);
    right.request.end(pcm(4, 0, 1000));
    expect((await right.answer).status).toBe(200);
    expectAudio(4, 1000);
  });

  it('says when to try again if the node has no room', async () => {
    await start();
    stream.refusal = new EarshotError('insufficient_storage');
    const { request: sent, answer } = post(PCM);
    sent.end(pcm(4, 0, 100));
    const { status, headers } = await answer;
    expect([status, headers['retry-after']]).toEqual([507, '30']);
  });

  it('is taken as a whole or not at all when it brings its digest', async () => {
    await start();
    const bytes = pcm(4, 0, 1000);
    const digest = (of: Uint8Array): Record<string, string> => ({
      'Content-Digest': `sha-256=:${createHash('sha256').update(of).digest('base64')}:`,
    });
    const wrong = post(PCM, digest(bytes.subarray(2)));
    wrong.request.end(bytes);
    expect(await wrong.answer).toMatchObject({ status: 400, body: { error: { code: 'digest_mismatch' } } });
    expect(stream.epoch).toBe(0);
    const right = post(PCM, digest(bytes));
    right.request.end(bytes);
    expect((await right.answer).status).toBe(200);
    expectAudio(4, 1000);
  });

  it.each([
    ['end', 400, 'session_ended'],
    ['shutdown', 503, 'shutting_down'],
    ['no_room', 507, 'insufficient_storage'],
    ['failed', 503, 'service_unavailable'],
    ['erased', 404, 'session_not_found'],
  ] as const)('ends for %s with %d and what came before', async (reason, status, expected) => {
    await start();
    const { request: sent, answer } = post(PCM);
    sent.write(pcm(5, 0, 3 * RATE));
    await until(() => stream.samples().length === 3 * RATE);
    host.halt(ref, reason);
    const { status: answered, body } = await answer;
    sent.destroy();
    expect([answered, code(body)]).toEqual([status, expected]);
    expect(body).toMatchObject({ error: { details: { received_samples: 3 * RATE } } });
    expect(stream.closedBy).toEqual(['server']);
    expectAudio(5, 3 * RATE);
  });

  it('gives way to a newer connection of either kind', async () => {
    await start();
    const body = post(PCM);
    body.request.write(pcm(6, 0, RATE));
    await until(() => stream.samples().length === RATE);
    const socket = await bench.connect(STREAM);
    expect(code((await body.answer).body)).toBe('stream_superseded');
    body.request.destroy();
    await socket.send(pcm(6, RATE, RATE));
    await until(() => stream.samples().length === 2 * RATE);
    const last = post(PCM);
    last.request.end(pcm(6, 2 * RATE, RATE));
    expect((await last.answer).status).toBe(200);
    expect((await socket.closed).code).toBe(4409);
    expectAudio(6, 3 * RATE);
  });

  it('is given up when nothing comes for too long', async () => {
    await start({ streamIdleMs: 300 });
    const { request: sent, answer } = post(PCM);
    sent.write(pcm(7, 0, RATE));
    expect(await answer).toMatchObject({ status: 408, body: { error: { code: 'stream_idle' } } });
    sent.destroy();
    expectAudio(7, RATE);
  });

  it('is not read while this node is behind, not idle meanwhile, and then goes on to its end', async () => {
    await start({ streamIdleMs: 1000 });
    let go: () => void = () => undefined;
    host.room = new Promise((resolve) => {
      go = resolve;
    });
    const { request: sent, answer } = post(PCM);
    const audio = pcm(8, 0, 10 * RATE);
    for (let i = 0; i < 20; i += 1) sent.write(audio);
    sent.end();
    await pause(2200);
    expect(stream.samples().length).toBeLessThan(10 * RATE);
    expect(stream.ends).toEqual([]);
    host.room = undefined;
    go();
    expect((await answer).status).toBe(200);
    expect(stream.samples().length).toBe(200 * RATE);
  });

  it('is answered 503 when what came will not be durable', async () => {
    await start();
    const { request: sent, answer } = post(PCM);
    host.commit.fail();
    sent.end(pcm(9, 0, RATE));
    expect(await answer).toMatchObject({ status: 503, body: { error: { code: 'service_unavailable' } } });
  });
});

import { createHash } from 'node:crypto';
import { encodePcm16le } from '@earshot/audio';
import { EarshotError, LIMITS, type SessionRef } from '@earshot/protocol';
import { computedAudio, findAudioDifference, until } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EdgeLimits } from '../edge-context.ts';
import { EVENTS, speaking } from '../testing/client.ts';
import { type EdgeBench, startEdge } from '../testing/edge-bench.ts';
import { callHttp, type HttpAnswer, sendHttp } from '../testing/http-exchange.ts';
import { createMemoryHost, type MemoryHost } from '../testing/memory-host.ts';
import { createMemorySessions, type MemorySessions } from '../testing/memory-sessions.ts';
import type { MemoryStream } from '../testing/memory-stream.ts';

const STREAM = 'str_00000000000000000000000001';
const SESSION = 'ses_0000000000000001';
const BY_STREAM = `/voice/v1/stream/sessions/${STREAM}/audio`;
const BY_SESSION = `/voice/v1/sessions/${SESSION}/audio`;
const PARTIAL = 'application/partial-upload';

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
  ref = sessions.add(STREAM, SESSION);
  stream = host.stream(ref);
});

afterEach(async () => {
  host.commit.release();
  await bench.close();
  expect(bench.edge.liveCount()).toBe(0);
});

const pcm = (from: number, samples: number): Uint8Array => encodePcm16le(computedAudio(1, from, samples));

interface Append {
  readonly offset?: string | string[];
  readonly body?: Uint8Array;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
}

function append({ offset = '0', body = pcm(0, 100), method = 'PATCH', path = BY_STREAM, headers }: Append) {
  const given = { 'Content-Type': PARTIAL, 'Upload-Offset': offset, 'Content-Length': `${body.length}` };
  return callHttp(bench.port, { path, method, body, headers: { ...given, ...headers } });
}

const head = (path = BY_STREAM, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
  callHttp(bench.port, { path, method: 'HEAD', headers });

async function expectOffset(offset: number): Promise<void> {
  expect((await head()).headers['upload-offset']).toBe(String(offset));
}

function expectAudio(samples: number): void {
  expect(findAudioDifference(stream.samples(), { seed: 1, samples })).toBeNull();
}

describe('appending over HTTP', () => {
  it.each([BY_STREAM, BY_SESSION])('goes on where the stream stands, at %s', async (path) => {
    await start();
    expect(await head()).toMatchObject({
      status: 204,
      headers: {
        'upload-offset': '0',
        'upload-complete': '?0',
        'upload-limit': `max-size=${LIMITS.maxStreamBytes}`,
        'cache-control': 'no-store',
      },
    });
    const first = await append({ path, body: pcm(0, 1000) });
    expect(first).toMatchObject({
      status: 204,
      headers: { 'upload-offset': '2000', 'upload-complete': '?0' },
    });
    await expectOffset(2000);
    const last = await append({
      path,
      offset: '2000',
      body: pcm(1000, 500),
      headers: { 'Upload-Complete': '?1', 'Upload-Length': '3000' },
    });
    expect(last).toMatchObject({
      status: 204,
      headers: { 'upload-offset': '3000', 'upload-complete': '?1' },
    });
    expectAudio(1500);
    expect(stream.closedBy.at(-1)).toBe('stop');
    expect(stream.closedBy.slice(0, -1).every((by) => by === 'client')).toBe(true);
  });

  it('is answered only when the body is durable', async () => {
    await start();
    const { request: sent, answer } = sendHttp(bench.port, {
      path: BY_STREAM,
      method: 'PATCH',
      headers: { 'Content-Type': PARTIAL, 'Upload-Offset': '0' },
    });
    sent.write(pcm(0, 500));
    await until(() => stream.samples().length === 500);
    host.commit.hold();
    sent.end(pcm(500, 500));
    await until(() => stream.ends.length === 1);
    expect(await Promise.race([answer, new Promise((done) => setTimeout(done, 100))])).toBeUndefined();
    host.commit.release();
    expect(await answer).toMatchObject({ status: 204, headers: { 'upload-offset': '2000' } });
  });

  it('may be said with POST, and with another rate or byte order', async () => {
    await start();
    const swapped = Buffer.from(pcm(0, 800)).swap16();
    const headers = { 'Content-Type': 'audio/l16;rate=8000;endianness=big' };
    expect((await append({ method: 'POST', body: swapped, headers })).status).toBe(204);
    expect((await append({ offset: '1600', body: pcm(800, 100) })).status).toBe(204);
    expect(stream.standing()).toMatchObject([{ sampleRate: 8000, received: 900 }]);
    expectAudio(900);
    const other = await append({
      offset: '1800',
      method: 'POST',
      headers: { 'Content-Type': 'audio/l16;rate=16000' },
    });
    expect(other).toMatchObject({ status: 400, headers: { 'upload-offset': '1800' } });
    expect(other.body).toMatchObject({ error: { code: 'protocol_violation' } });
    expectAudio(900);
  });

  it.each([0, 2, 1998, 2002, 3, 999_999])('is refused at offset %d with the right one', async (offset) => {
    await start();
    await append({ body: pcm(0, 1000) });
    const { status, headers, body } = await append({ offset: String(offset), body: pcm(0, 1000) });
    expect(status).toBe(409);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(headers['upload-offset']).toBe('2000');
    expect(body).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#mismatching-upload-offset',
      title: 'The upload does not continue where the stream stands.',
      status: 409,
      'expected-offset': 2000,
      'provided-offset': offset,
      error: { code: 'offset_mismatch', message: 'The upload does not continue where the stream stands.' },
    });
    expectAudio(1000);
  });

  it('leaves a live socket alone when a body comes that was taken before', async () => {
    await start();
    await append({ body: pcm(0, 1000) });
    const client = speaking(await bench.connect(STREAM, EVENTS));
    await client.event('ready');
    expect((await append({ body: pcm(0, 1000) })).status).toBe(409);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    client.socket.close();
    await client.closed;
  });

  it.each([
    ['-1'],
    ['1e3'],
    ['00'],
    ['1.0'],
    ['9007199254740993'],
    ['5;a=1'],
    ['"0"'],
    ['?0'],
    [''],
    [['0', '0']],
    [['0', '200']],
  ])('takes nothing at the malformed offset %p', async (offset) => {
    await start();
    const { status, body } = await append({ offset });
    expect([status, body]).toMatchObject([400, { error: { code: 'invalid_request' } }]);
    expect(stream.epoch).toBe(0);
  });

  it.each<[string, number, Append]>([
    ['another media type', 415, { headers: { 'Content-Type': 'audio/webm' } }],
    ['mu-law, whose bytes are no offset', 415, { headers: { 'Content-Type': 'audio/basic' } }],
    ['half a sample', 400, { body: new Uint8Array(5) }],
    ['a malformed Upload-Complete', 400, { headers: { 'Upload-Complete': 'true' } }],
    ['a malformed Upload-Length', 400, { headers: { 'Upload-Length': '-1' } }],
    ['an Upload-Length that it exceeds', 400, { headers: { 'Upload-Length': '100' } }],
    [
      'an end before its Upload-Length',
      400,
      { headers: { 'Upload-Length': '300', 'Upload-Complete': '?1' } },
    ],
  ])('takes nothing with %s', async (_what, status, request) => {
    await start();
    expect((await append(request)).status).toBe(status);
    expect(stream.epoch).toBe(0);
    await expectOffset(0);
  });

  it('needs an offset', async () => {
    await start();
    const headers = { 'Content-Type': PARTIAL };
    const answer = await callHttp(bench.port, { path: BY_STREAM, method: 'PATCH', body: pcm(0, 1), headers });
    expect([answer.status, answer.body]).toMatchObject([400, { error: { code: 'missing_required_field' } }]);
  });

  it.each([
    ['session_ended', 400],
    ['stream_conflict', 409],
    ['insufficient_storage', 507],
  ] as const)('is answered the refusal %s of its session', async (code, status) => {
    await start();
    stream.refusal = new EarshotError(code);
    const answer = await append({});
    expect([answer.status, answer.body]).toMatchObject([status, { error: { code } }]);
    expect(answer.headers['retry-after'] !== undefined).toBe(status === 507);
  });
});

describe('a body that is cut off', () => {
  it.each([1, 2, 999, 1000, 3999])(
    'after %d bytes keeps its whole samples, and goes on behind them',
    async (cut) => {
      await start();
      const bytes = pcm(0, 2000);
      const { request: sent } = sendHttp(bench.port, {
        path: BY_STREAM,
        method: 'PATCH',
        headers: {
          'Content-Type': PARTIAL,
          'Upload-Offset': '0',
          'Content-Length': '4000',
          'Upload-Complete': '?1',
        },
      });
      sent.write(bytes.subarray(0, cut));
      await until(() => stream.epoch === 1 && stream.samples().length === Math.floor(cut / 2));
      sent.destroy();
      await until(() => stream.ends.length === 1);
      expect(stream.closedBy).toEqual(['client']);
      const offset = cut - (cut % 2);
      await expectOffset(offset);
      expect((await append({ offset: String(offset), body: bytes.subarray(offset) })).status).toBe(204);
      expectAudio(2000);
    },
  );

  it('keeps nothing of it when its digest could not be checked', async () => {
    await start();
    const headers = { ...digestOf(pcm(0, 1000)), 'Content-Type': PARTIAL, 'Upload-Offset': '0' };
    const { request: sent } = sendHttp(bench.port, {
      path: BY_STREAM,
      method: 'PATCH',
      headers: { ...headers, 'Content-Length': '2000' },
    });
    sent.write(pcm(0, 999));
    await new Promise((done) => setTimeout(done, 100));
    sent.destroy();
    await new Promise((done) => setTimeout(done, 100));
    await expectOffset(0);
    expect(stream.epoch).toBe(0);
  });
});

function digestOf(bytes: Uint8Array, algorithm = 'sha256'): Record<string, string> {
  const name = algorithm === 'sha256' ? 'sha-256' : 'sha-512';
  return { 'Content-Digest': `${name}=:${createHash(algorithm).update(bytes).digest('base64')}:` };
}

describe('the digest of a body', () => {
  it.each(['sha256', 'sha512'])('of %s lets it in when it is right', async (algorithm) => {
    await start();
    expect((await append({ headers: digestOf(pcm(0, 100), algorithm) })).status).toBe(204);
    expectAudio(100);
  });

  it.each<[string, Record<string, string>, string]>([
    ['that is wrong', digestOf(new Uint8Array(3)), 'digest_mismatch'],
    ['of the empty body', digestOf(new Uint8Array()), 'digest_mismatch'],
    ['of an unknown algorithm', { 'Content-Digest': 'md5=:AAAAAAAAAAAAAAAAAAAAAA==:' }, 'invalid_request'],
    ['that is no base64', { 'Content-Digest': 'sha-256=:!!!!:' }, 'invalid_request'],
    ['that is too short', { 'Content-Digest': 'sha-256=:AAAA:' }, 'invalid_request'],
    ['without colons', { 'Content-Digest': 'sha-256=abc' }, 'invalid_request'],
    ['that is empty', { 'Content-Digest': '' }, 'invalid_request'],
  ])('%s lets nothing in', async (_what, headers, code) => {
    await start();
    const answer = await append({ headers });
    expect([answer.status, answer.body]).toMatchObject([400, { error: { code } }]);
    expect(stream.epoch).toBe(0);
  });

  it('may stand beside one of an unknown algorithm, and all known ones must be right', async () => {
    await start();
    const right = digestOf(pcm(0, 100))['Content-Digest'];
    const wrong = digestOf(pcm(0, 99), 'sha512')['Content-Digest'];
    expect((await append({ headers: { 'Content-Digest': `${right}, ${wrong}` } })).status).toBe(400);
    expect((await append({ headers: { 'Content-Digest': `md5=:AAAA:, ${right}` } })).status).toBe(204);
  });

  it('is checked up to a limit, declared or not', async () => {
    await start({ maxDigestedBytes: 200 });
    const body = pcm(0, 101);
    const declared = await append({ body, headers: digestOf(body) });
    const { request: sent, answer } = sendHttp(bench.port, {
      path: BY_STREAM,
      method: 'PATCH',
      headers: {
        'Content-Type': PARTIAL,
        'Upload-Offset': '0',
        'Transfer-Encoding': 'chunked',
        ...digestOf(body),
      },
    });
    sent.end(body);
    expect([declared.status, (await answer).status]).toEqual([413, 413]);
    expect((await append({ body: pcm(0, 100), headers: digestOf(pcm(0, 100)) })).status).toBe(204);
  });
});

describe('a session between socket and HTTP', () => {
  it('goes back and forth without a hole', async () => {
    await start();
    const first = speaking(await bench.connect(STREAM, EVENTS));
    await first.event('ready');
    await first.send(pcm(0, 1000));
    await until(() => stream.samples().length === 1000);
    first.socket.terminate();
    const offset = Number((await head()).headers['upload-offset']);
    expect(offset).toBe(2000);
    expect((await append({ offset: '2000', body: pcm(1000, 1000) })).status).toBe(204);
    const second = speaking(await bench.connect(STREAM, EVENTS));
    expect(await second.event('ready')).toMatchObject({ next_sample: 2000 });
    await second.send(pcm(2000, 1000));
    await until(() => stream.samples().length === 3000);
    expect((await append({ offset: '6000', body: pcm(3000, 1000) })).status).toBe(204);
    expect((await second.closed).code).toBe(4409);
    expectAudio(4000);
  });

  it('with two tracks is fed over sockets only', async () => {
    await start();
    stream.append({ track: 'inbound', sampleRate: 8000, samples: new Int16Array(10) });
    expect((await head()).status).toBe(409);
    expect((await append({})).body).toMatchObject({ error: { code: 'stream_conflict' } });
  });
});

describe('asking where a stream stands', () => {
  it('says when the session has ended', async () => {
    await start();
    sessions.change(SESSION, { status: 'processing' });
    expect((await head()).headers).toMatchObject({ 'upload-offset': '100', 'upload-complete': '?1' });
  });

  it('takes no position along', async () => {
    await start();
    expect((await head(BY_STREAM, { 'Upload-Offset': '0' })).status).toBe(400);
    expect((await head(BY_STREAM, { 'Upload-Complete': '?0' })).status).toBe(400);
  });

  it('tells nothing of unknown streams', async () => {
    await start();
    expect((await head('/voice/v1/stream/sessions/str_zzzzzzzzzzzzzzzzzzzzzzzzzz/audio')).status).toBe(404);
    expect((await head('/voice/v1/stream/sessions/..%2fx/audio')).status).toBe(404);
  });

  it('tells pages of other origins where they may go on, and anybody what may be appended', async () => {
    await start();
    const page = { Origin: 'http://localhost:3000' };
    const exposed = String((await head(BY_STREAM, page)).headers['access-control-expose-headers']);
    for (const name of ['Upload-Offset', 'Upload-Complete', 'Upload-Limit']) expect(exposed).toContain(name);
    const preflight = { ...page, 'Access-Control-Request-Method': 'PATCH' };
    const asked = await callHttp(bench.port, { path: BY_STREAM, method: 'OPTIONS', headers: preflight });
    expect(asked.headers['access-control-allow-methods']).toContain('PATCH');
    const options = await callHttp(bench.port, { path: BY_STREAM, method: 'OPTIONS' });
    expect(options).toMatchObject({ status: 204, headers: { 'accept-patch': PARTIAL } });
  });
});

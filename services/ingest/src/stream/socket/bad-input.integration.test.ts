import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { encodePcm16le } from '@earshot/audio';
import { EarshotError, LIMITS } from '@earshot/protocol';
import { computedAudio, findAudioDifference, until } from '@earshot/test-support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type EdgeBench, startEdge } from '../testing/edge-bench.ts';
import { createMemoryHost } from '../testing/memory-host.ts';
import { createMemorySessions } from '../testing/memory-sessions.ts';
import type { MemoryStream } from '../testing/memory-stream.ts';

const RATE = 16_000;
const sessions = createMemorySessions();
const host = createMemoryHost();
let bench: EdgeBench;
let stream: MemoryStream;
let streamId: string;
let count = 0;

beforeAll(async () => {
  bench = await startEdge({
    sessions: sessions.sessions,
    host,
    allowedOrigins: ['https://app.example'],
  });
});

afterAll(async () => {
  await bench.close();
  expect(bench.edge.liveCount()).toBe(0);
});

beforeEach(() => {
  count += 1;
  streamId = `str_${String(count).padStart(26, '0')}`;
  stream = host.stream(sessions.add(streamId, `ses_${String(count).padStart(16, '0')}`));
});

const pcm = (samples: number): Uint8Array => encodePcm16le(computedAudio(count, 0, samples));

/** A client without a WebSocket library, that can break the protocol. */
async function rawClient(): Promise<{ socket: Socket; closeCode: Promise<number> }> {
  const socket = connectTcp(bench.port, '127.0.0.1');
  await once(socket, 'connect');
  const path = `/voice/v1/stream/sessions/${streamId}/audio`;
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(head.toString()).toContain('101 Switching Protocols');
  socket.on('error', () => undefined);
  const parts: Buffer[] = [];
  const closeCode = new Promise<number>((resolve) => {
    socket.once('close', () => resolve(1006));
    socket.on('data', (part: Buffer) => {
      parts.push(part);
      const code = closeCodeIn(Buffer.concat(parts));
      if (code === undefined) return;
      resolve(code);
      socket.destroy();
    });
  });
  return { socket, closeCode };
}

function closeCodeIn(answer: Buffer): number | undefined {
  for (let at = 0; at + 4 <= answer.length; at += 2 + (answer[at + 1] ?? 0)) {
    if (answer[at] === 0x88) return answer.readUInt16BE(at + 2);
  }
  return undefined;
}

/** A masked frame (with a mask of zeros, so that the payload reads as it is). */
function frame(first: number, payload: Uint8Array | string, declared = payload.length): Buffer {
  const body = Buffer.from(payload as Uint8Array);
  const head = declared < 126 ? [first, 0x80 | declared] : [first, 0xfe, declared >> 8, declared & 255];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), body]);
}

const BINARY = 0x82;
const TEXT = 0x81;
const PING = 0x89;
const CLOSE = 0x88;

describe('a socket that breaks the WebSocket protocol', () => {
  it.each<[string, number, () => Buffer]>([
    ['an unmasked frame', 1002, () => Buffer.from([BINARY, 2, 1, 2])],
    ['RSV1 without an extension', 1002, () => frame(BINARY | 0x40, 'ab')],
    ['RSV2', 1002, () => frame(BINARY | 0x20, 'ab')],
    ['RSV3', 1002, () => frame(BINARY | 0x10, 'ab')],
    ['a reserved data opcode', 1002, () => frame(0x83, 'ab')],
    ['a reserved control opcode', 1002, () => frame(0x8b, 'ab')],
    ['a ping of 126 bytes', 1002, () => frame(PING, Buffer.alloc(126))],
    ['a fragmented ping', 1002, () => frame(0x09, 'ab')],
    ['a continuation without a start', 1002, () => frame(0x80, 'ab')],
    [
      'a new message inside a fragmented one',
      1002,
      () => Buffer.concat([frame(0x02, 'ab'), frame(TEXT, 'ab')]),
    ],
    ['a length of 2^63', 1009, () => Buffer.from([BINARY, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
    ['a length of 2^40', 1009, () => Buffer.from([BINARY, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
    ['overlong UTF-8', 1007, () => frame(TEXT, Buffer.from([0xc0, 0x80]))],
    ['a surrogate in UTF-8', 1007, () => frame(TEXT, Buffer.from([0xed, 0xa0, 0x80]))],
    ['UTF-8 beyond Unicode', 1007, () => frame(TEXT, Buffer.from([0xf4, 0x90, 0x80, 0x80]))],
    ['cut UTF-8', 1007, () => frame(TEXT, Buffer.from([0xe2, 0x82]))],
    ['close code 999', 1002, () => frame(CLOSE, Buffer.from([3, 0xe7]))],
    ['close code 1005', 1002, () => frame(CLOSE, Buffer.from([3, 0xed]))],
    ['a close body of one byte', 1002, () => frame(CLOSE, 'x')],
    [
      'more fragments than allowed',
      1008,
      () =>
        Buffer.concat([
          frame(0x02, 'ab'),
          ...Array.from({ length: LIMITS.maxMessageFragments }, () => frame(0x00, 'ab')),
        ]),
    ],
    [
      'a flood of pings',
      1008,
      () =>
        Buffer.concat(Array.from({ length: LIMITS.maxEmptyFramesPerSecond * 2 + 2 }, () => frame(PING, ''))),
    ],
    [
      'a flood of pongs',
      1008,
      () =>
        Buffer.concat(Array.from({ length: LIMITS.maxEmptyFramesPerSecond * 2 + 2 }, () => frame(0x8a, ''))),
    ],
    [
      'a flood of empty messages',
      1008,
      () =>
        Buffer.concat(Array.from({ length: LIMITS.maxEmptyFramesPerSecond * 2 + 2 }, () => frame(TEXT, ''))),
    ],
  ])('by %s is closed with %d, and its audio is kept', async (_what, code, bad) => {
    const { socket, closeCode } = await rawClient();
    socket.write(Buffer.concat([frame(BINARY, pcm(1000)), bad()]));
    expect(await closeCode).toBe(code);
    await until(() => stream.ends.length === 1);
    expect(stream.closedBy).toEqual(['error']);
    expect(stream.warnings).toHaveLength(1);
    expect(findAudioDifference(stream.samples(), { seed: count, samples: 1000 })).toBeNull();
  });

  it('is not closed for as many fragments, pings and empty messages as are allowed', async () => {
    const { socket, closeCode } = await rawClient();
    const payload = Buffer.from(pcm(LIMITS.maxMessageFragments));
    const fragments = Array.from({ length: LIMITS.maxMessageFragments }, (_, i) => {
      const first = i === 0 ? 0x02 : i === LIMITS.maxMessageFragments - 1 ? 0x80 : 0x00;
      return frame(first, payload.subarray(i * 2, i * 2 + 2));
    });
    const pings = Array.from({ length: LIMITS.maxEmptyFramesPerSecond / 2 }, () => [
      frame(PING, 'x'),
      frame(BINARY, ''),
    ]);
    socket.write(Buffer.concat([...fragments, ...pings.flat(), frame(TEXT, '{"event":"stop"}')]));
    expect(await closeCode).toBe(1000);
    expect(stream.closedBy).toEqual(['stop']);
    expect(stream.samples().length).toBe(LIMITS.maxMessageFragments);
  });
});

describe('a socket that breaks its dialect', () => {
  const raw = (): Uint8Array => pcm(1000);
  const text = (value: unknown): string => JSON.stringify(value);
  const start = (mediaFormat: unknown): string => text({ event: 'start', start: { mediaFormat } });
  it.each<[string, number, () => (Uint8Array | string)[]]>([
    ['text that is no JSON', 1007, () => ['hello']],
    ['a megabyte and one byte', 1009, () => [new Uint8Array(LIMITS.maxMessageBytes + 1)]],
    ['an encoding nobody decodes', 1003, () => [start({ encoding: 'audio/opus', sampleRate: 48_000 })]],
    ['a sample rate of 0', 1003, () => [start({ encoding: 'audio/x-l16', sampleRate: 0 })]],
    ['a sample rate that is a half', 1003, () => [start({ encoding: 'audio/x-l16', sampleRate: 0.5 })]],
    ['100,000 nested arrays', 1007, () => [`${'['.repeat(100_000)}${']'.repeat(100_000)}`]],
    [
      'binary audio inside JSON audio',
      1002,
      () => [
        start({ encoding: 'audio/x-l16', sampleRate: 16_000 }),
        text({ event: 'media', media: { payload: 'AAAA' } }),
        raw(),
      ],
    ],
    [
      'more malformed messages than are skipped',
      1007,
      () => [raw(), ...Array.from({ length: LIMITS.maxMalformedFrames + 1 }, () => '{"event":')],
    ],
  ])('by %s is closed with %d and recorded', async (_what, code, messages) => {
    const client = await bench.connect(streamId);
    for (const message of messages()) await client.send(message);
    const { code: closed, reason } = await client.closed;
    expect(closed).toBe(code);
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
    await until(() => stream.ends.length === 1);
    expect(stream.closedBy).toEqual(['error']);
    expect(stream.warnings.length).toBeGreaterThan(0);
  });

  it('by a few malformed messages goes on', async () => {
    const client = await bench.connect(streamId);
    await client.send(raw());
    for (let i = 0; i < LIMITS.maxMalformedFrames; i += 1) await client.send('{"event":');
    await client.send('{"event":"stop"}');
    expect((await client.closed).code).toBe(1000);
    expect(stream.ends).toMatchObject([{ stats: { malformedFrames: LIMITS.maxMalformedFrames } }]);
    expect(stream.samples().length).toBe(1000);
  });

  it('by a message of the greatest size is no breach', async () => {
    const client = await bench.connect(streamId);
    await client.send(pcm(LIMITS.maxMessageBytes / 2));
    await client.send('{"event":"stop"}');
    expect((await client.closed).code).toBe(1000);
    expect(stream.samples().length).toBe(LIMITS.maxMessageBytes / 2);
  });

  it('by another rate than an earlier connection had is closed with 1002', async () => {
    const first = await bench.connect(streamId);
    await first.send(pcm(RATE));
    await first.send('{"event":"stop"}');
    await first.closed;
    const second = await bench.connect(streamId);
    await second.send(start({ encoding: 'audio/x-l16', sampleRate: 8000 }));
    await second.send(text({ event: 'media', media: { payload: Buffer.from(raw()).toString('base64') } }));
    expect((await second.closed).code).toBe(1002);
    expect(stream.closedBy).toEqual(['stop', 'error']);
    expect(stream.warnings).toMatchObject([{ type: 'protocol_violation' }]);
    expect(stream.samples().length).toBe(RATE);
  });
});

describe('an upgrade that may not feed a stream', () => {
  interface Refusal {
    status: number | undefined;
    headers: Record<string, unknown>;
    body: { error: { code: string } };
  }

  async function upgrade(
    path: string,
    options: { method?: string; headers?: Record<string, string> } = {},
  ): Promise<Refusal> {
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...options.headers,
    };
    const sent = request({
      port: bench.port,
      host: '127.0.0.1',
      path,
      method: options.method ?? 'GET',
      headers,
      agent: false,
    });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    return {
      status: response.statusCode,
      headers: response.headers,
      body: JSON.parse(Buffer.concat(parts).toString()) as Refusal['body'],
    };
  }
  const pathOf = (id: string): string => `/voice/v1/stream/sessions/${id}/audio`;

  it('is answered with the error envelope and a closed connection, alike for unknown and malformed ids', async () => {
    const unknown = await upgrade(pathOf('str_zzzzzzzzzzzzzzzzzzzzzzzzzz'));
    const malformed = await upgrade(pathOf('..%2f..%2fsecret'));
    expect(unknown).toMatchObject({
      status: 404,
      headers: { connection: 'close' },
      body: { error: { code: 'session_not_found' } },
    });
    expect(unknown.headers['content-type']).toContain('application/json');
    expect(malformed.body).toEqual(unknown.body);
    expect(malformed.status).toBe(404);
  });

  it.each([
    ['session_ended', 400],
    ['session_completed', 400],
    ['session_expired', 410],
    ['invalid_request', 400],
    ['stream_conflict', 409],
    ['service_unavailable', 503],
    ['insufficient_storage', 507],
    ['rate_limit_exceeded', 429],
  ] as const)('is answered with %s as HTTP %d', async (code, status) => {
    stream.refusal = new EarshotError(code);
    const { headers, ...refused } = await upgrade(pathOf(streamId));
    expect(refused).toMatchObject({ status, body: { error: { code } } });
    expect(/^[1-9]\d*$/.test(String(headers['retry-after']))).toBe([429, 503, 507].includes(status));
    expect(bench.edge.liveCount()).toBe(0);
  });

  it('is told nothing of an unexpected error', async () => {
    stream.refusal = new TypeError('secret at /var/lib');
    const { status, body } = await upgrade(pathOf(streamId));
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it.each<[string, number, { path?: string; method?: string; headers?: Record<string, string> }]>([
    ['an unknown path', 404, { path: '/voice/v1/sessions' }],
    ['POST', 405, { method: 'POST' }],
    ['h2c', 400, { headers: { Upgrade: 'h2c' } }],
    ['WebSocket version 12', 400, { headers: { 'Sec-WebSocket-Version': '12' } }],
    ['a short key', 400, { headers: { 'Sec-WebSocket-Key': 'short' } }],
    ['a foreign origin', 403, { headers: { Origin: 'https://evil.example' } }],
    ['an unknown byte order', 400, { path: '?byte_order=up' }],
    ['a position that is none', 400, { path: '?from_sample=-1' }],
  ])('is refused for %s with HTTP %d and leaves a live stream alone', async (_what, status, change) => {
    const client = await bench.connect(streamId);
    const path =
      change.path?.startsWith('/') === true ? change.path : `${pathOf(streamId)}${change.path ?? ''}`;
    expect((await upgrade(path, change)).status).toBe(status);
    expect(stream.epoch).toBe(1);
    client.socket.close();
    await until(() => stream.ends.length === 1);
  });

  it('gives its stream back when the client has gone before the answer', async () => {
    host.beforeOpen = () => new Promise((done) => setTimeout(done, 100));
    const sent = request({
      port: bench.port,
      host: '127.0.0.1',
      path: pathOf(streamId),
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    });
    sent.on('error', () => undefined);
    sent.end();
    await until(() => bench.edge.liveCount() === 1);
    sent.destroy();
    await until(() => stream.ends.length === 1);
    host.beforeOpen = () => undefined;
    expect(stream.ends).toMatchObject([
      { closedBy: 'client', format: { dialect: 'unknown' }, stats: { frames: 0 } },
    ]);
    await until(() => bench.edge.liveCount() === 0);
  });
});

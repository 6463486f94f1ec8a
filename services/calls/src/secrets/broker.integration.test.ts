import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createBench, entryOf, localEgress, PRINCIPAL } from './testing/bench.ts';
import {
  goodAnswer,
  type Sink,
  type SinkAnswer,
  sendJson,
  startHttpSink,
  startRawSink,
} from './testing/sink.ts';

const KEY = 'planted-key-of-the-operator';
const MARK = 'hostile-mark';
const sinks: Sink[] = [];
const keep = async (starting: Promise<Sink>): Promise<Sink> => {
  const sink = await starting;
  sinks.push(sink);
  return sink;
};
afterEach(async () => {
  await Promise.all(sinks.splice(0).map((sink) => sink.close()));
});

const plainEntry = (port: number, more: object = {}) =>
  entryOf({ origin: `http://127.0.0.1:${port}`, allowPrivate: true, ...more });
const ask = { model: 'm', voice: 'v', type: 'realtime' } as const;
const noSecret = {
  code: 'upstream_unreachable',
  message: 'The provider gave no secret.',
  details: undefined,
};

/** A provider that answers so, asked once; every failure must look alike and tell nothing. */
async function failWith(
  answer: SinkAnswer | string,
  { failed, timeoutMs = 20_000 }: { failed: string; timeoutMs?: number },
): Promise<void> {
  const starting = typeof answer === 'string' ? startRawSink({ answer }) : startHttpSink(answer);
  const { port } = await keep(starting);
  const { broker, lines, audit } = createBench([plainEntry(port)], { timeoutMs });
  const startedAt = performance.now();
  await expect(broker.create(ask, PRINCIPAL)).rejects.toMatchObject(noSecret);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  const told = lines.join('');
  expect(JSON.parse(told)).toMatchObject({ msg: 'no realtime secret', provider: 'main', failed });
  for (const canary of [KEY, MARK, 'ek_', String(port), '127.0.0.1']) expect(told).not.toContain(canary);
  expect(audit.size).toBe(0);
}

const json = (body: unknown): SinkAnswer => {
  return (response) => sendJson(response, body);
};
const status =
  (code: number, headers: Record<string, string> = {}): SinkAnswer =>
  (response) =>
    response.writeHead(code, { 'content-type': 'application/json', 'x-mark': MARK, ...headers }).end(
      JSON.stringify({
        ...goodAnswer(),
        error: { message: `${MARK} ${KEY}`, type: 'x', param: null, code: null },
      }),
    );
const every =
  (ms: number, bytes: number): SinkAnswer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => response.write(Buffer.alloc(bytes, 0x20)), ms);
    response.on('close', () => clearInterval(timer));
  };

describe('a provider', () => {
  it('is sent its key and the order, and its secret reaches the caller', async () => {
    const { port, requests } = await keep(startHttpSink((response) => sendJson(response, goodAnswer())));
    const { broker, lines, audit } = createBench([plainEntry(port)]);
    const principal = { ...PRINCIPAL, line: 'lin_1' };
    const { session } = await broker.create({ ...ask, ttlSeconds: 60 }, principal);
    expect(session).toEqual({
      id: expect.stringMatching(/^sess_\d{8}$/),
      model: 'm',
      expires_at: session.client_secret.expires_at,
      client_secret: {
        value: expect.stringMatching(/^ek_minted_secret_\d{8}$/),
        expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
      },
    });
    const [request = ''] = requests;
    expect(request.split('\n')[0]).toBe('POST /v1/realtime/client_secrets');
    expect(request).toContain(`authorization\nBearer ${KEY}`);
    expect(request).toContain('accept-encoding\nidentity');
    expect(request).toContain(
      '{"expires_after":{"anchor":"created_at","seconds":60},"session":{"type":"realtime","model":"m","audio":{"output":{"voice":"v"}}}}',
    );
    const [[key, entry] = ['', '{}']] = audit;
    expect(key).toMatch(/^_earshot\/audit\/clinic\/\d{8}T\d{9}Z-aud_[0-9a-z]{26}\.json$/);
    expect(JSON.parse(entry)).toMatchObject({
      tenant: 'clinic',
      subject: 'key_1',
      keyId: 'key_1',
      lineId: 'lin_1',
      provider: 'main',
      model: 'm',
      sessionId: session.id,
      expiresAt: session.client_secret.expires_at,
    });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      msg: 'realtime secret created',
      tenant: 'clinic',
      provider: 'main',
      sessionId: session.id,
    });
    for (const canary of [KEY, session.client_secret.value]) expect(lines[0]! + entry).not.toContain(canary);
  });

  it('of the former shape is asked and understood in its way', async () => {
    const expires_at = Math.floor(Date.now() / 1000) + 60;
    const client_secret = { value: 'ek_0123456789abcdef', expires_at };
    const { port, requests } = await keep(
      startHttpSink((response) => sendJson(response, { id: 'sess_9', expires_at: 0, client_secret })),
    );
    const { broker } = createBench([plainEntry(port, { shape: 'sessions' })]);
    expect((await broker.create(ask, PRINCIPAL)).session).toMatchObject({
      id: 'sess_9',
      expires_at: new Date(expires_at * 1000).toISOString(),
      client_secret: { value: client_secret.value },
    });
    expect(requests[0]).toContain('POST /v1/realtime/sessions');
    expect(requests[0]).toContain('{"model":"m","voice":"v","modalities":["audio","text"]}');
  });

  it.each([
    ['17', 17],
    ['0', 1],
    ['999999999', 3600],
    ['Sat, 21 Nov 2026 10:00:00 GMT', 30],
    [MARK, 30],
    [undefined, 30],
  ])('that is busy and says %p makes the caller wait %p s', async (header, seconds) => {
    const headers = header === undefined ? {} : { 'retry-after': header };
    const { port } = await keep(startHttpSink(status(429, headers)));
    const { broker, lines, audit } = createBench([plainEntry(port)]);
    await expect(broker.create(ask, PRINCIPAL)).rejects.toMatchObject({
      code: 'rate_limit_exceeded',
      message: 'The provider is busy.',
      details: { retry_after_seconds: seconds },
    });
    for (const canary of [KEY, MARK]) expect(lines.join('')).not.toContain(canary);
    expect(audit.size).toBe(0);
  });
});

describe('no secret comes of a provider that', () => {
  it.each([204, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 500, 502, 503])(
    'answers %i',
    async (code) => {
      const thief = await keep(startRawSink());
      const headers = { location: `http://127.0.0.1:${thief.port}/`, 'set-cookie': `a=${MARK}` };
      const failed = code >= 300 && code < 400 ? 'unreachable' : 'refused';
      await failWith(status(code, headers), { failed });
      expect(thief.connections()).toBe(0);
    },
  );

  it.each([
    ['drips', every(20, 1)],
    ['never answers', () => undefined],
    ['stops in the middle of a line', 'HTTP/1.1 '],
    ['says a thousand times that it is still there', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1000)],
  ] satisfies [string, SinkAnswer | string][])('%s', async (_name, answer) => {
    await failWith(answer, { failed: 'unreachable', timeoutMs: 400 });
  });

  it.each([
    ['sends without end', every(1, 16_384)],
    ['sends 10 MB', json({ ...goodAnswer(), more: 'a'.repeat(10_000_000) })],
    ['sends a secret of 10 MB', json({ ...goodAnswer(), value: 'e'.repeat(10_000_000) })],
    ['promises 10^12 bytes', status(200, { 'content-length': '1000000000000' })],
    [
      'compresses',
      (response) =>
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(gzipSync(JSON.stringify(goodAnswer()) + ' '.repeat(10_000_000))),
    ],
    ['hangs up', (response) => response.destroy()],
    ['speaks another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['switches protocols', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
    ['sends a huge head', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`],
  ] satisfies [string, SinkAnswer | string][])('%s', async (_name, answer) => {
    await failWith(answer, { failed: 'unreachable' });
  });

  it.each([
    [
      'sends no JSON',
      (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(MARK),
    ],
    ['calls it HTML', (response) => response.end(JSON.stringify(goodAnswer()))],
    ['sends a list', json([goodAnswer()])],
    ['sends no secret', json({ ...goodAnswer(), value: undefined })],
    ['breaks the line in a secret', json({ ...goodAnswer(), value: `ek_0123456789abcdef\r\n${MARK}` })],
    ['sends a secret of yesterday', json({ ...goodAnswer(), expires_at: 1_700_000_000 })],
    ['hands our own key back', json({ ...goodAnswer(), value: `ek_${KEY}` })],
    ['hides our own key in the id', json({ ...goodAnswer(), session: { id: KEY } })],
  ] satisfies [string, SinkAnswer][])('%s', async (_name, answer) => {
    await failWith(answer, { failed: 'not_understood' });
  });

  it('is not there', async () => {
    const { broker } = createBench([plainEntry(1)]);
    await expect(broker.create(ask, PRINCIPAL)).rejects.toMatchObject(noSecret);
  });

  it('shows a certificate of another name', async () => {
    const { port, requests } = await keep(
      startHttpSink((response) => sendJson(response, goodAnswer()), { secure: true }),
    );
    const { broker } = createBench([entryOf({ origin: `https://other.example:${port}` })], {
      egress: localEgress(),
    });
    await expect(broker.create(ask, PRINCIPAL)).rejects.toMatchObject(noSecret);
    expect(requests).toEqual([]);
  });
});

describe('a name server that changes its mind', () => {
  it('never brings the key to another address, in a thousand races', async () => {
    const good = await keep(startHttpSink((response) => sendJson(response, goodAnswer()), { secure: true }));
    const inner = await keep(startRawSink({ host: '127.0.0.2', port: good.port }));
    const at = (...addresses: string[]) => addresses.map((address) => ({ address, family: 4 }));
    const answers = [at('127.0.0.1'), at('127.0.0.2'), at('127.0.0.1', '127.0.0.2'), at()];
    let turn = 0;
    const resolver = () => Promise.resolve(answers[turn++ % answers.length]!);
    const entry = entryOf({ origin: `https://hook.example:${good.port}` });
    const { broker } = createBench([entry], { egress: { ...localEgress(), resolver } });
    const made = { fulfilled: 0, rejected: 0 };
    for (let round = 0; round < 250; round++) {
      const outcomes = await Promise.allSettled(answers.map(() => broker.create(ask, PRINCIPAL)));
      for (const { status: outcome } of outcomes) made[outcome] += 1;
    }
    expect([turn, made]).toEqual([1000, { fulfilled: 250, rejected: 750 }]);
    expect([good.requests.length, inner.connections()]).toEqual([250, 0]);
  });
});

describe('the audit', () => {
  it('holds a secret back that it could not note down', async () => {
    const { port } = await keep(startHttpSink((response) => sendJson(response, goodAnswer())));
    const bench = createBench([plainEntry(port)], {});
    bench.audit.set = () => {
      throw new Error('the store is away');
    };
    await expect(bench.broker.create(ask, PRINCIPAL)).rejects.toThrow('the store is away');
  });
});

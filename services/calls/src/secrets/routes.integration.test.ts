import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { idFrom, RealtimeSecretResponse } from '@earshot/protocol';
import {
  connectRedis,
  createAuthenticator,
  createHttpServer,
  createKeyring,
  createLog,
  createRateLimiter,
  type HttpServer,
  redisReady,
} from '@earshot/runtime';
import { callKeys, createFolderStore, createSessionArchive, type ObjectStore } from '@earshot/storage';
import { startRedis, type TemporaryFolder, type TestRedis, temporaryFolder } from '@earshot/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createSecretBroker } from './broker.ts';
import { type OpenedProviders, openProviders } from './open-providers.ts';
import { registerRealtimeSecrets } from './routes.ts';
import { type Sink, startRawSink } from './testing/sink.ts';

let redisServer: TestRedis;
let folder: TemporaryFolder;
let thief: Sink;
let service: Service;
const lines: string[] = [];
const stops: (() => Promise<void> | void)[] = [];

interface Service {
  readonly origin: string;
  readonly store: ObjectStore;
  readonly opened: OpenedProviders;
  /** A key of a tenant, or of one line of it. */
  key(tenant: string, lineId?: string): Promise<string>;
}

/** A server as a process would run it: real keys, folder, Redis and stub provider. */
async function start(limit: number): Promise<Service> {
  const redis = connectRedis(redisServer.url, { role: 'producer' });
  stops.push(() => redis.disconnect());
  await redisReady(redis, 5000);
  const store = createFolderStore(join(folder.path, 'objects'));
  const keyring = createKeyring({ store: createSessionArchive(store) });
  const log = createLog({
    service: 'test',
    level: 'trace',
    destination: { write: (line) => lines.push(line) },
  });
  const opened = await openProviders({ file: undefined, stub: true });
  stops.push(() => opened.close());
  const server: HttpServer = await createHttpServer({
    log,
    authenticator: createAuthenticator({ keyring }),
    limiter: createRateLimiter({ redis, groups: { realtime: { limit, windowSeconds: 60 } } }),
  });
  stops.push(() => server.close());
  const newId = (prefix: 'aud') => idFrom(prefix, randomBytes(64));
  const broker = createSecretBroker({
    providers: opened.providers,
    store,
    log,
    newId,
    now: () => new Date(),
  });
  registerRealtimeSecrets(server, { broker });
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    origin,
    store,
    opened,
    key: async (tenant, lineId) =>
      (await keyring.create({ tenant, name: 'test', ...(lineId === undefined ? {} : { lineId }) })).key,
  };
}

beforeAll(async () => {
  redisServer = await startRedis();
});
beforeEach(async () => {
  lines.length = 0;
  folder = await temporaryFolder();
  thief = await startRawSink();
  service = await start(3);
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  await thief.close();
  await folder.remove();
  await redisServer.flushAll();
});
afterAll(() => redisServer.stop());

const body = { model: 'gpt-realtime', voice: 'marin' };

function post(key: string | undefined, payload: unknown, path = '/realtime_session'): Promise<Response> {
  return fetch(service.origin + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'x-api-key': key }) },
    body: JSON.stringify(payload),
  });
}

describe('POST /realtime_session', () => {
  it.each(['/realtime_session', '/v1/realtime_session'])(
    'gives a secret of the stub provider at %s, notes it down and tells nobody',
    async (path) => {
      const answer = await post(await service.key('clinic'), { ...body, ttlSeconds: 120 }, path);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
      const { session } = RealtimeSecretResponse.strict().parse(await answer.json());
      const { value, expires_at: expiresAt } = session.client_secret;
      expect(value).toMatch(/^ek_stub_[0-9a-f]{48}$/);
      expect(session).toMatchObject({ model: 'gpt-realtime', expires_at: expiresAt });
      expect(Math.abs(Date.parse(expiresAt) - Date.now() - 120_000)).toBeLessThan(10_000);
      const { objects } = await service.store.list(callKeys.audits('clinic'));
      expect(objects).toHaveLength(1);
      const entry = Buffer.from(await service.store.get(objects[0]!.key)).toString();
      expect(JSON.parse(entry)).toMatchObject({
        tenant: 'clinic',
        provider: 'stub',
        sessionId: session.id,
      });
      const told = lines.join('') + entry;
      expect(told).toContain('realtime secret created');
      expect(told).not.toContain(value);
      expect(told).not.toContain('stub-');
    },
  );

  it('takes the key of a line, and transcriptions', async () => {
    const key = await service.key('clinic', 'lin_1');
    const answer = await post(key, { model: 'gpt-realtime-whisper', type: 'transcription' });
    expect(answer.status).toBe(200);
    const { objects } = await service.store.list(callKeys.audits('clinic'));
    const entry = Buffer.from(await service.store.get(objects[0]!.key)).toString();
    expect(JSON.parse(entry)).toMatchObject({ lineId: 'lin_1', type: 'transcription' });
  });

  it('wants a key', async () => {
    const answer = await post(undefined, body);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({ error_code: 'unauthorized', message: 'API key is required' });
  });

  it('lets exactly three of fifty through, counts those that fail, and each tenant by itself', async () => {
    const key = await service.key('clinic');
    const answers = await Promise.all(Array.from({ length: 50 }, () => post(key, body)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(47);
    for (const answer of refused) {
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(50);
      expect(await answer.json()).toEqual({ error_code: 'rate_limited', message: 'Too many requests.' });
    }
    expect((await service.store.list(callKeys.audits('clinic'))).objects).toHaveLength(3);
    const other = await service.key('other');
    for (let i = 0; i < 3; i++)
      expect((await post(other, { model: 'unknown', voice: 'marin' })).status).toBe(400);
    expect((await post(other, body)).status).toBe(429);
  });

  it('answers 400 for every other endpoint, and nothing leaves', async () => {
    service = await start(1000);
    const key = await service.key('clinic');
    const [stub] = service.opened.providers;
    const { host } = new URL(stub!.endpoint);
    const endpoints = [
      `http://127.0.0.1:${thief.port}/v1/realtime/client_secrets`,
      `http://${host}@127.0.0.1:${thief.port}/v1/realtime/client_secrets`,
      `http://127.0.0.1:${thief.port}\\@${host}/v1/realtime/client_secrets`,
      `http://127.0.0.1:${thief.port}#@${host}/v1/realtime/client_secrets`,
      `http://${host}/`,
      `${stub!.endpoint}?to=http://127.0.0.1:${thief.port}`,
      'http://169.254.169.254/latest/meta-data',
      'file:///etc/passwd',
      '',
      `https://evil.example/${'a'.repeat(200_000)}`,
    ];
    for (const endpoint of endpoints) {
      const answer = await post(key, { ...body, endpoint });
      const { error_code: code, message } = (await answer.json()) as Record<string, string>;
      expect([answer.status, code, answer.headers.get('cache-control')]).toEqual([
        400,
        'invalid_request',
        'no-store',
      ]);
      if (endpoint !== '') expect(message).not.toContain(endpoint);
    }
    expect([thief.connections(), thief.requests]).toEqual([0, []]);
    expect((await post(key, { ...body, endpoint: stub!.endpoint })).status).toBe(200);
  });

  it.each([
    [{ ...body, api_key: 'sk' }],
    [{ ...body, instructions: 'x' }],
    [{ voice: 'marin' }],
    [{ model: 'gpt-realtime' }],
    [{ ...body, type: 'other' }],
    [{ ...body, type: 'transcription' }],
    [{ ...body, ttlSeconds: '60' }],
    [{ ...body, ttlSeconds: 1.5 }],
    [{ ...body, model: 'gpt-unknown' }],
    [{ ...body, voice: 'nobody' }],
    [{ ...body, endpoint: null }],
    [[body]],
  ])('refuses %j', async (payload) => {
    const answer = await post(await service.key('clinic'), payload);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error_code: 'invalid_request', message: expect.any(String) });
  });

  it('is one and the same failure when the provider is gone', async () => {
    await service.opened.close();
    lines.length = 0;
    const answer = await post(await service.key('clinic'), body);
    expect(answer.status).toBe(500);
    expect(await answer.json()).toEqual({
      error_code: 'provider_error',
      message: 'The provider gave no secret.',
    });
    expect(lines.join('')).not.toMatch(/127\.0\.0\.1|ECONNREFUSED/);
  });
});

describe('the list of providers', () => {
  const entry = {
    name: 'main',
    origin: 'https://api.example',
    apiKey: 'planted-operator-key',
    models: ['m'],
  };
  const open = async (text: string, stub = false) => {
    const file = join(folder.path, 'providers.json');
    await writeFile(file, text);
    const opened = await openProviders({ file, stub });
    stops.push(() => opened.close());
    return opened.providers;
  };

  it('is read from its file, with the stub behind it', async () => {
    const providers = await open(JSON.stringify([entry]), true);
    expect(providers.map(({ name, isDefault }) => [name, isDefault])).toEqual([
      ['main', false],
      ['stub', false],
    ]);
    expect(JSON.stringify(providers)).not.toContain('planted-operator-key');
  });

  it.each([
    ['not JSON', '{"apiKey": "planted-operator-key'],
    ['not valid', JSON.stringify([{ ...entry, origin: 'http://planted.example', extra: 'planted' }])],
    ['not a list', JSON.stringify(entry)],
  ])('is refused when it is %s, and nothing of it is told', async (_name, text) => {
    const refusal = await open(text).then(
      () => '',
      (error: unknown) => String(error instanceof Error ? error.stack : error),
    );
    expect(refusal).toContain('The list of realtime providers is not');
    expect(refusal).not.toMatch(/planted/);
  });
});

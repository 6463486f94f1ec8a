import { EarshotError } from '@earshot/protocol';
import { z } from 'zod';
import { createAuthenticator } from '../auth/authenticator.ts';
import { createKeyring } from '../auth/key/keyring.ts';
import type { HttpServer } from '../http/contract/http-server.ts';
import { createHttpServer } from '../http/server.ts';
import type { HttpServerOptions } from '../http/server-options.ts';
import { createRateLimiter } from '../limits/rate-limiter.ts';
import { createLog } from '../log/log.ts';
import { type Answer, type Call, httpCall } from './http-call.ts';
import { createMemoryKeyStore } from './memory-key-store.ts';

const Body = z.strictObject({ name: z.string().max(5), count: z.int().optional() });
const open: HttpServer[] = [];

/** The port of a server, which starts to listen when it is first asked for. */
async function portOf(app: HttpServer): Promise<number> {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('the test server has no port');
  return address.port;
}

async function send(app: HttpServer, call: string | Call): Promise<Answer> {
  return httpCall(await portOf(app), typeof call === 'string' ? { url: call } : call);
}

/** A server with routes of every kind, a tenant's key, and limits small enough to reach. */
export async function startTestServer(options: Partial<HttpServerOptions> = {}) {
  const store = createMemoryKeyStore();
  const keyring = createKeyring({ store });
  const { key, record } = await keyring.create({ tenant: 'clinic', name: 'ward' });
  const limiter = createRateLimiter({
    redis: null,
    groups: {
      default: { limit: 20, windowSeconds: 60 },
      tight: { limit: 2, windowSeconds: 60 },
      address: { limit: 3, windowSeconds: 60 },
      failure: { limit: 3, windowSeconds: 60 },
    },
  });
  const app = await createHttpServer({
    log: createLog({ service: 'test', level: 'silent' }),
    authenticator: createAuthenticator({ keyring }),
    limiter,
    ...options,
  });
  open.push(app);
  addRoutes(app);
  return {
    app,
    call: (call: string | Call) => send(app, call),
    port: () => portOf(app),
    key,
    record,
    keyring,
    store,
    bearer: { authorization: `Bearer ${key}` },
  };
}

/** Closes what the tests of a file have started. */
export async function stopTestServers(): Promise<void> {
  await Promise.all(open.splice(0).map((app) => app.close()));
}

function addRoutes(app: HttpServer): void {
  const config = { access: 'public' } as const;
  app.post('/things', { config, schema: { body: Body } }, (request) => ({ got: request.body }));
  app.patch('/things', { config: { ...config, validationStatus: 422 }, schema: { body: Body } }, () => ({}));
  app.post('/things/:id/end', { config, schema: { body: Body.nullish() } }, (request) => ({
    got: request.body ?? null,
  }));
  app.get(
    '/things/:id',
    { config, schema: { params: z.object({ id: z.string().max(8) }) } },
    (request) => request.params,
  );
  app.get('/whoami', { config: { access: 'tenant' } }, (request) => ({ who: request.principal }));
  app.post('/whoami', { config: { access: 'tenant' } }, () => ({}));
  app.get('/tight', { config: { access: 'tenant', limit: 'tight' } }, () => ({}));
  app.post('/login', { config: { ...config, limit: 'default' } }, () => {
    throw new EarshotError('invalid_api_key');
  });
  app.get('/stream/:id', { config: { access: 'capability' } }, () => ({}));
  app.get('/any-version', { config: { ...config, anyVersion: true } }, () => ({}));
  app.get('/secret-failure', { config }, () => {
    throw new Error('password=hunter2 at /srv/app.ts');
  });
  app.get('/away', { config }, () => {
    throw new EarshotError('service_unavailable', { details: { retry_after_seconds: 7 } });
  });
  app.get(
    '/bad-answer',
    { config, schema: { response: { 200: z.object({ n: z.number().min(1) }) } } },
    () => ({ n: 0 }),
  );
  app.get(
    '/missing-thing',
    { config, schema: { response: { 404: z.object({ other: z.string() }) } } },
    () => {
      throw new EarshotError('session_not_found');
    },
  );
  app.get('/slow', { config }, async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { slow: true };
  });
  app.register((scope, _options, done) => {
    scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    const rawBody = ['audio/webm'];
    scope.post('/raw', { config: { ...config, rawBody, bodyDeadline: { idleMs: 200 } } }, async (request) => {
      let bytes = 0;
      const parts: AsyncIterable<Uint8Array> = request.raw;
      for await (const part of parts) bytes += part.byteLength;
      return { bytes };
    });
    done();
  });
}

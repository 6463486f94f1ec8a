import { randomBytes } from 'node:crypto';
import { EarshotError, idFrom, type LineRecord } from '@earshot/protocol';
import { createQueueProducer, type QueueProducer } from '@earshot/queue';
import {
  type Authenticator,
  checkUrl,
  connectRedis,
  createAuthenticator,
  createDeliveryLog,
  createEventLog,
  createHttpServer,
  createKeyring,
  createLog,
  type DeliveryLog,
  type EventLog,
  type HttpServer,
  type Keyring,
  redisReady,
} from '@earshot/runtime';
import {
  type CallArchive,
  createCallArchive,
  createFolderStore,
  createSessionArchive,
  type SessionArchive,
} from '@earshot/storage';
import { startRedis, type TemporaryFolder, type TestRedis, temporaryFolder } from '@earshot/test-support';
import { type Announcer, createAnnouncer } from '../announcer.ts';
import { registerPilotWebhooks } from '../registration/pilot-webhooks.ts';
import { registerWadialWebhooks } from '../registration/wadial-webhooks.ts';
import { type EventStreamDeps, registerEventStream } from '../stream/event-stream.ts';

export const LINE = 'lin_front';
export const OTHER_LINE = 'lin_back';

/** Events on a real Redis, a local folder and an HTTP server, with two lines and their keys. */
export interface EventBench {
  readonly redis: TestRedis;
  readonly folder: TemporaryFolder;
  readonly archive: SessionArchive;
  readonly calls: CallArchive;
  readonly events: EventLog;
  readonly deliveries: DeliveryLog;
  readonly producer: QueueProducer;
  readonly announcer: Announcer;
  readonly keyring: Keyring;
  /** What a test switches off. */
  readonly outage: { keys: boolean };
  readonly server: HttpServer;
  readonly origin: string;
  /** Keys: of the whole tenant, of each line, and of another tenant. */
  readonly keys: Readonly<Record<'tenant' | 'line' | 'otherLine' | 'stranger', string>>;
  readonly keyIds: Readonly<Record<'tenant' | 'line', string>>;
  request(path: string, init?: RequestInit & { readonly key?: string }): Promise<Response>;
  stop(): Promise<void>;
}

export interface BenchOptions {
  readonly times?: EventStreamDeps['times'];
  readonly bounds?: EventStreamDeps['bounds'];
}

export async function startEventBench(options: BenchOptions = {}): Promise<EventBench> {
  const redisServer = await startRedis({ appendonly: true });
  const folder = await temporaryFolder();
  const log = createLog({ service: 'test', level: 'silent' });
  const redis = connectRedis(redisServer.url, { role: 'producer' });
  await redisReady(redis, 5000);
  const store = createFolderStore(`${folder.path}/objects`);
  const archive = createSessionArchive(store);
  const calls = createCallArchive(store);
  for (const lineId of [LINE, OTHER_LINE]) await calls.createLine(line(lineId));
  const events = createEventLog(redis);
  const deliveries = createDeliveryLog(redis);
  const producer = createQueueProducer({ connection: redis });
  const announcer = createAnnouncer({
    events,
    archive,
    producer,
    log,
    now: () => new Date(),
    retryMs: Array.from({ length: 50 }, () => 200),
  });
  const keyring = createKeyring({ store: archive, cacheMs: 50 });
  const authenticator = createAuthenticator({ keyring });
  const made = await createKeys(keyring);
  const outage = { keys: false };
  const server = await createHttpServer({ log, authenticator });
  registerWebhooks(server, { archive, deliveries, producer, calls });
  registerEventStream(server, {
    events,
    lines: calls,
    authenticator: failing(authenticator, outage),
    ...options,
  });
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    redis: redisServer,
    folder,
    archive,
    calls,
    events,
    deliveries,
    producer,
    announcer,
    keyring,
    outage,
    server,
    origin,
    ...made,
    request: (path, { key = made.keys.line, headers, ...init } = {}) =>
      fetch(`${origin}${path}`, {
        ...init,
        headers: {
          'x-api-key': key,
          ...(typeof init.body === 'string' ? { 'content-type': 'application/json' } : {}),
          ...headers,
        },
      }),
    async stop() {
      await server.close();
      await announcer.close();
      await producer.close();
      events.close();
      redis.disconnect();
      await redisServer.stop();
      await folder.remove();
    },
  };
}

/** As the real one, or as it is while the store of keys is away. */
function failing(authenticator: Authenticator, outage: EventBench['outage']): Authenticator {
  const away = (): Promise<never> => Promise.reject(new EarshotError('service_unavailable'));
  return {
    ...authenticator,
    authenticate: (headers) => (outage.keys ? away() : authenticator.authenticate(headers)),
  };
}

function registerWebhooks(
  server: HttpServer,
  { calls, ...parts }: Pick<EventBench, 'archive' | 'deliveries' | 'producer' | 'calls'>,
): void {
  const deps = {
    ...parts,
    lines: calls,
    checkUrl: (url: string) => checkUrl(url, { allowPrivate: true }),
    ownOrigins: ['http://earshot.test:8081'],
    newId: (prefix: 'whk' | 'dlv') => idFrom(prefix, randomBytes(64)),
    randomBytes,
    now: () => new Date(),
  };
  registerPilotWebhooks(server, deps);
  registerWadialWebhooks(server, deps);
}

function line(lineId: string): LineRecord {
  return {
    v: 1,
    lineId,
    tenant: 'clinic',
    name: lineId,
    number: null,
    carrier: 'loopback',
    record: true,
    transcribe: false,
    autoAnswer: false,
    model: 'lite',
    language: null,
    createdAt: '2026-01-01T00:00:00.000Z',
  };
}

async function createKeys(keyring: Keyring): Promise<Pick<EventBench, 'keys' | 'keyIds'>> {
  const tenant = await keyring.create({ tenant: 'clinic', name: 'all' });
  const own = await keyring.create({ tenant: 'clinic', name: 'front', lineId: LINE });
  const other = await keyring.create({ tenant: 'clinic', name: 'back', lineId: OTHER_LINE });
  const stranger = await keyring.create({ tenant: 'stranger', name: 'all' });
  return {
    keys: { tenant: tenant.key, line: own.key, otherLine: other.key, stranger: stranger.key },
    keyIds: { tenant: tenant.record.keyId, line: own.record.keyId },
  };
}

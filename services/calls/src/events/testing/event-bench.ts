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
import { type Announcer, createAnnouncer } from '../announcer.ts';
import { registerPilotWebhooks } from '../registration/pilot-webhooks.ts';
import { registerWadialWebhooks } from '../registration/wadial-webhooks.ts';
import { type EventStreamDeps, registerEventStream } from '../stream/event-stream.ts';

export const LINE = 'lin_front';
export const OTHER_LINE = 'lin_back';

/** Events on a real Redis, a local folder and an HTTP server, with two lines and their keys. */
export interface EventBench {
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
  /** With the key of the line, unless another is given. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>;
  stop(): Promise<void>;
}

export interface BenchOptions extends Pick<EventStreamDeps, 'times' | 'bounds'> {
  readonly redisUrl: string;
  /** Path of the object store's folder. */
  readonly folder: string;
}

interface AskOptions {
  readonly body?: object;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A webhook, or a list of some, as the two faces write them; tests look at what they expect. */
interface AnswerBody {
  readonly id: string;
  readonly secret: string;
  readonly events: readonly string[];
  readonly active: boolean;
  readonly createdAt: string;
  readonly eventId: string;
  readonly lastTriggered: string | null;
  readonly code: string;
  readonly error: unknown;
  readonly webhooks: readonly { readonly id: string }[];
  readonly logs: readonly { readonly id: string; readonly eventId: string; readonly createdAt: string }[];
  readonly data: { readonly id: string; readonly secret: string };
}

export interface Answer {
  readonly status: number;
  readonly body: AnswerBody;
}

export async function startEventBench({ redisUrl, folder, ...options }: BenchOptions): Promise<EventBench> {
  const log = createLog({ service: 'test', level: 'silent' });
  const redis = connectRedis(redisUrl, { role: 'producer' });
  await redisReady(redis, 5000);
  const store = createFolderStore(folder);
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
  const api = { title: 'events', version: '1', description: '' };
  const server = await createHttpServer({ log, authenticator, api });
  registerWebhooks(server, { archive, deliveries, producer, calls });
  registerEventStream(server, {
    events,
    lines: calls,
    authenticator: failing(authenticator, outage),
    ...options,
  });
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
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
    ask: (method, path, { body, key = made.keys.line, headers } = {}) =>
      ask(`${origin}${path}`, {
        method,
        headers: {
          'x-api-key': key,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async stop() {
      await server.close();
      await announcer.close();
      await producer.close();
      events.close();
      redis.disconnect();
    },
  };
}

async function ask(url: string, init: RequestInit): Promise<Answer> {
  const answer = await fetch(url, init);
  const text = await answer.text();
  return { status: answer.status, body: JSON.parse(text === '' ? 'null' : text) as AnswerBody };
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

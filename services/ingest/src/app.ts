import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { LIMITS } from '@earshot/protocol';
import { createQueueProducer, type QueueProducer } from '@earshot/queue';
import { connectRedis, createLifecycle, createLog, createMetrics, redisReady } from '@earshot/runtime';
import { createRedisIndex, createSessions, type SessionIndex, type Sessions } from '@earshot/sessions';
import { createSessionArchive, openObjectStore } from '@earshot/storage';
import { createAccess, importBootstrapKey } from './access.ts';
import type { IngestConfig } from './config.ts';
import { startTimers } from './maintenance/timers.ts';
import type { Parts } from './parts.ts';
import { createServer } from './server.ts';
import { createStreamEdge, type StreamEdge } from './stream/edge.ts';
import { createStreamMetrics } from './stream-metrics.ts';
import { createWorkQueue } from './work-queue.ts';

/** The ingest service: the HTTP and WebSocket edge of sessions. */
export interface IngestApp {
  /** Listens; resolves when requests are taken. */
  start(): Promise<{ url: string }>;
  /** Stops intake, flushes live streams, lets go of everything. */
  close(): Promise<void>;
  /** Id of the bootstrap key, when one was configured. */
  readonly bootstrapKeyId: string | undefined;
}

const REDIS_WAIT_MS = 5000;
const DRAIN_MS = 15_000;

/** Composes the service from its settings; the only place that knows the concrete adapters. */
export async function createIngestApp(config: IngestConfig): Promise<IngestApp> {
  const log = createLog({ service: 'ingest', level: config.LOG_LEVEL });
  const metrics = createMetrics({ service: 'ingest' });
  const lifecycle = createLifecycle(log);
  try {
    return await compose({ config, log, metrics, lifecycle });
  } catch (error) {
    await lifecycle.stop('could not start');
    metrics.close();
    throw error;
  }
}

async function compose(base: Pick<Parts, 'config' | 'log' | 'metrics' | 'lifecycle'>): Promise<IngestApp> {
  const { config, log, metrics, lifecycle } = base;
  const parts = await openParts(base);
  const access = createAccess(parts);
  const { sessions, index, producer } = createSessionParts(parts);
  const edge = createEdge(parts, { sessions, index });
  const server = await createServer(parts, { access, sessions, edge, producer });
  lifecycle.onStop('http server', () => server.close(), DRAIN_MS);
  lifecycle.onStop('live streams', () => edge.close(DRAIN_MS), DRAIN_MS + 1000);
  return {
    bootstrapKeyId: await importBootstrapKey(config, access.keyring),
    async start() {
      const url = await server.listen({ host: config.EARSHOT_HOST, port: config.EARSHOT_PORT });
      server.server.on('upgrade', (request, socket, head) => edge.handleUpgrade(request, socket, head));
      lifecycle.onStop('timers', startTimers(sessions, log), 5000);
      log.info({ url, store: parts.store.description, node: parts.node }, 'ingest is listening');
      return { url };
    },
    async close() {
      await lifecycle.stop('close');
      metrics.close();
    },
  };
}

/** Opens the object store and Redis; a store that cannot be used is an error, a Redis that is away is not. */
async function openParts(base: Pick<Parts, 'config' | 'log' | 'metrics' | 'lifecycle'>): Promise<Parts> {
  const { config, log, lifecycle } = base;
  const store = openObjectStore(config.EARSHOT_OBJECT_STORE);
  lifecycle.onStop('object store', () => store.close(), 5000);
  await store.probe();
  const redis = connectRedis(config.REDIS_URL, { role: 'producer', log });
  lifecycle.onStop('redis', () => redis.disconnect(), 1000);
  if (!(await redisReady(redis, REDIS_WAIT_MS))) log.warn('redis cannot be reached yet');
  const node = config.EARSHOT_NODE_NAME ?? `${hostname()}-${randomBytes(6).toString('hex')}`;
  return { ...base, store, archive: createSessionArchive(store), redis, node };
}

function createSessionParts(parts: Parts): {
  sessions: Sessions;
  index: SessionIndex;
  producer: QueueProducer;
} {
  const { config, log, lifecycle, archive, store, redis, node } = parts;
  const producer = createQueueProducer({
    connection: redis,
    onError: (error) => log.warn({ err: error }, 'the queue cannot be reached'),
  });
  lifecycle.onStop('queue', () => producer.close(), 5000);
  const index = createRedisIndex(redis, { node });
  lifecycle.onStop('index', () => index.close(), 2000);
  const sessions = createSessions({
    truth: archive,
    index,
    queue: createWorkQueue(producer, archive),
    readObject: (key) => store.get(key),
    now: () => new Date(),
    randomBytes,
    warn: (message, { sessionId, error }) => log.warn({ session: sessionId, err: error }, message),
    settings: {
      ttlSeconds: config.EARSHOT_SESSION_TTL_SECONDS,
      endTailWaitMs: LIMITS.endTailWaitMs,
      leaseMs: LIMITS.streamLeaseMs,
      onDifferentUpload: config.EARSHOT_UPLOAD_CONFLICT,
    },
  });
  return { sessions, index, producer };
}

function createEdge(
  parts: Parts,
  { sessions, index }: { sessions: Sessions; index: SessionIndex },
): StreamEdge {
  const { config, store, node, log, metrics } = parts;
  const edge = createStreamEdge({
    sessions,
    index,
    store,
    node,
    log,
    metrics: createStreamMetrics(metrics),
    cut: { policy: config.EARSHOT_CUT_POLICY },
    ...(config.EARSHOT_WAVIX_FORMAT === undefined ? {} : { wavixFormat: config.EARSHOT_WAVIX_FORMAT }),
    ...(config.EARSHOT_STREAM_ORIGINS === undefined ? {} : { allowedOrigins: config.EARSHOT_STREAM_ORIGINS }),
  });
  metrics.onCollect(() => metrics.set('earshot_streams_live', {}, edge.liveCount()));
  return edge;
}

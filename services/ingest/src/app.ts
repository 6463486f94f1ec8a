import { randomBytes } from 'node:crypto';
import { createIntakeHost, type IntakeHost } from '@earshot/intake';
import { LIMITS } from '@earshot/protocol';
import { createQueueProducer, type QueueProducer } from '@earshot/queue';
import { connectRedis, createLifecycle, createLog, createMetrics, redisReady } from '@earshot/runtime';
import { createRedisIndex, createSessions, type SessionIndex, type Sessions } from '@earshot/sessions';
import { createSessionArchive, openObjectStore } from '@earshot/storage';
import { createAccess, importBootstrapKey } from './access.ts';
import type { IngestConfig } from './config.ts';
import { holdJournalFolder } from './journal/journal-folder.ts';
import { openNodeJournal } from './journal/open-journal.ts';
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
  /** Resolves when the journal can no longer keep its promise: the process has to leave. */
  readonly failed: Promise<Error>;
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
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });
  const parts = await openParts(base, (error) => {
    log.fatal({ err: error }, 'the journal failed; this process has to leave');
    fail(error);
  });
  const access = createAccess(parts);
  const { sessions, index, producer } = createSessionParts(parts);
  const host = createHost(parts, { sessions, index });
  const edge = createEdge(parts, { sessions, host });
  const server = await createServer(parts, { access, sessions, edge, producer });
  lifecycle.onStop('http server', () => server.close(), DRAIN_MS);
  lifecycle.onStop('live streams', () => edge.close(DRAIN_MS), DRAIN_MS + 1000);
  return {
    failed,
    bootstrapKeyId: await importBootstrapKey(config, access.keyring),
    async start() {
      await host.recover();
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

/** Opens journal, object store and Redis; a store that cannot be used is an error, a Redis that is away is not. */
async function openParts(
  base: Pick<Parts, 'config' | 'log' | 'metrics' | 'lifecycle'>,
  onJournalFailure: (error: Error) => void,
): Promise<Parts> {
  const { config, log, metrics, lifecycle } = base;
  const store = openObjectStore(config.EARSHOT_OBJECT_STORE);
  lifecycle.onStop('object store', () => store.close(), 5000);
  await store.probe();
  const redis = connectRedis(config.REDIS_URL, { role: 'producer', log });
  lifecycle.onStop('redis', () => redis.disconnect(), 1000);
  if (!(await redisReady(redis, REDIS_WAIT_MS))) log.warn('redis cannot be reached yet');
  const folder = await holdJournalFolder(config.EARSHOT_JOURNAL_DIR, config.EARSHOT_NODE_NAME);
  lifecycle.onStop('journal folder', () => folder.release(), 1000);
  const journal = await openNodeJournal(config, { log, metrics, onFailure: onJournalFailure });
  lifecycle.onStop('journal', () => journal.journal.close(), 10_000);
  return { ...base, store, archive: createSessionArchive(store), redis, node: folder.node, journal };
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
      recoveryWaitSeconds: config.EARSHOT_RECOVERY_WAIT_SECONDS,
    },
  });
  return { sessions, index, producer };
}

function createHost(
  { config, store, node, log, metrics, journal }: Parts,
  { sessions, index }: { sessions: Sessions; index: SessionIndex },
): IntakeHost {
  const host = createIntakeHost({
    sessions,
    index,
    store,
    journal: journal.journal,
    recovery: journal.recovery,
    node,
    log,
    metrics: createStreamMetrics(metrics),
    cut: {
      policy: config.EARSHOT_CUT_POLICY,
      minSeconds: config.EARSHOT_CUT_MIN_SECONDS,
      maxSeconds: config.EARSHOT_CUT_MAX_SECONDS,
    },
    limits: {
      maxLiveStreams: config.EARSHOT_MAX_STREAMS,
      streamResumeMs: config.EARSHOT_RESUME_SECONDS * 1000,
    },
  });
  metrics.onCollect(() => {
    metrics.set('earshot_streams_live', {}, host.liveCount);
    metrics.set('earshot_backlog_bytes', {}, host.backlogBytes);
  });
  return host;
}

function createEdge(
  { config, log, metrics, journal }: Parts,
  { sessions, host }: { sessions: Sessions; host: IntakeHost },
): StreamEdge {
  return createStreamEdge({
    host,
    sessions,
    log,
    metrics: createStreamMetrics(metrics),
    journalLoad: () => ({ state: journal.journal.state, ...journal.figures() }),
    maxLiveStreams: config.EARSHOT_MAX_STREAMS,
    ...(config.EARSHOT_WAVIX_FORMAT === undefined ? {} : { wavixFormat: config.EARSHOT_WAVIX_FORMAT }),
    ...(config.EARSHOT_STREAM_ORIGINS === undefined ? {} : { allowedOrigins: config.EARSHOT_STREAM_ORIGINS }),
  });
}

import { randomBytes } from 'node:crypto';
import { createIntakeHost, type IntakeHost, type IntakeLimits } from '@earshot/intake';
import { LIMITS } from '@earshot/protocol';
import { createQueueProducer, type QueueProducer } from '@earshot/queue';
import {
  connectRedis,
  createEventLog,
  type EventLog,
  type Lifecycle,
  type Log,
  type Metrics,
  redisReady,
} from '@earshot/runtime';
import { createRedisIndex, createSessions, type SessionIndex, type Sessions } from '@earshot/sessions';
import {
  createSessionArchive,
  type ObjectStore,
  openObjectStore,
  type SessionArchive,
} from '@earshot/storage';
import { type Access, createAccess } from './access.ts';
import { holdJournalFolder } from './journal/journal-folder.ts';
import { type NodeJournal, openNodeJournal } from './journal/open-journal.ts';
import type { NodeSettings } from './settings.ts';
import { createStreamMetrics } from './stream-metrics.ts';
import { createWorkQueue } from './work-queue.ts';

const REDIS_WAIT_MS = 5000;

/** What a process is told before it opens anything. */
export interface NodeBase<Settings extends NodeSettings = NodeSettings> {
  readonly config: Settings;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
  /** What differs from the usual limits of live audio. */
  readonly intakeLimits?: Partial<IntakeLimits>;
}

/** The parts that every process which takes live audio is built on, opened and wired. */
export interface AudioNode {
  readonly store: ObjectStore;
  readonly archive: SessionArchive;
  readonly redis: ReturnType<typeof connectRedis>;
  /** Name of this node; the same after a restart. */
  readonly name: string;
  readonly journal: NodeJournal;
  readonly access: Access;
  readonly sessions: Sessions;
  readonly index: SessionIndex;
  readonly producer: QueueProducer;
  readonly events: EventLog;
  readonly intake: IntakeHost;
}

/**
 * Opens journal, object store and Redis, and what works on them. A store that cannot be used is an error, a Redis that is
 * away is not. `onJournalFailure`: the journal can no longer keep its promise, so the process has to leave.
 */
export async function openNode(base: NodeBase, onJournalFailure: (error: Error) => void): Promise<AudioNode> {
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
  const archive = createSessionArchive(store);
  const held = { store, archive, redis, name: folder.node, journal };
  const access = createAccess({ config, archive, log });
  const work = createSessionParts(base, held);
  return { ...held, access, ...work, intake: createIntake(base, { ...held, ...work }) };
}

type Held = Pick<AudioNode, 'store' | 'archive' | 'redis' | 'name' | 'journal'>;
type Work = Pick<AudioNode, 'sessions' | 'index' | 'producer' | 'events'>;

function createSessionParts({ config, log, lifecycle }: NodeBase, held: Held): Work {
  const { archive, store, redis, name } = held;
  const producer = createQueueProducer({
    connection: redis,
    onError: (error) => log.warn({ err: error }, 'the queue cannot be reached'),
  });
  lifecycle.onStop('queue', () => producer.close(), 5000);
  const events = createEventLog(redis);
  lifecycle.onStop('events', () => events.close(), 1000);
  const index = createRedisIndex(redis, { node: name });
  lifecycle.onStop('index', () => index.close(), 2000);
  const sessions = createSessions({
    truth: archive,
    index,
    queue: createWorkQueue(producer, archive, events),
    readObject: (key) => store.get(key),
    now: () => new Date(),
    elapsedMs: () => performance.now(),
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
  return { sessions, index, producer, events };
}

function createIntake({ config, log, metrics, intakeLimits }: NodeBase, parts: Held & Work): IntakeHost {
  const { sessions, index, store, journal, name } = parts;
  const host = createIntakeHost({
    sessions,
    index,
    store,
    journal: journal.journal,
    recovery: journal.recovery,
    node: name,
    log,
    metrics: createStreamMetrics(metrics),
    cut: {
      policy: config.EARSHOT_CUT_POLICY,
      minSeconds: config.EARSHOT_CUT_MIN_SECONDS,
      maxSeconds: config.EARSHOT_CUT_MAX_SECONDS,
    },
    limits: {
      ...intakeLimits,
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

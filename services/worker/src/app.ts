import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { type Consumers, createConsumers, createQueueProducer, type JobOutcome } from '@earshot/queue';
import {
  connectRedis,
  createDeliveryLog,
  createEventLog,
  createGuardedFetch,
  createLifecycle,
  createLog,
  createMetrics,
  type Lifecycle,
  type Log,
  type Metrics,
  redisReady,
} from '@earshot/runtime';
import { createRedisIndex } from '@earshot/sessions';
import { createCallArchive, createSessionArchive, openObjectStore } from '@earshot/storage';
import {
  createTranscriber,
  type Engine,
  EngineError,
  removeStaleScratch,
  type Transcriber,
} from '@earshot/transcription';
import type { Redis } from 'ioredis';
import type { WorkerConfig } from './config.ts';
import { engineSet, type OpenedEngines, openEngines, usualConcurrency } from './engines/engines.ts';
import { openSpeechCheck } from './engines/speech-check.ts';
import { createHandlers } from './handlers/handlers.ts';
import { collectQueueMetrics, createListener } from './listener.ts';
import type { WorkerParts } from './parts.ts';
import { createPassLock, createReconciler } from './reconciler/reconciler.ts';
import { createRetention } from './retention/retention.ts';

/** The worker service: takes jobs off the queue until a session has its transcript. */
export interface WorkerApp {
  /** Begins to work; resolves to the URL of its pages when it has a port. */
  start(): Promise<{ url: string | undefined }>;
  /** Takes no more jobs, lets running ones end within the drain time, lets go of everything. */
  close(): Promise<void>;
}

/** What a caller may bring instead of what the settings name. */
export interface WorkerDeps {
  readonly engines?: Readonly<Record<'lite' | 'pro', Engine>>;
  readonly log?: Log;
}

const REDIS_WAIT_MS = 5000;
const ENGINE_READY_MS = 60_000;
/** Beyond the drain time: aborted handlers come back, connections close. */
const CLOSE_GRACE_MS = 5000;
const ASSEMBLE_CONCURRENCY = 4;

/** Composes the service from its settings; the only place that knows the concrete adapters. */
export async function createWorkerApp(config: WorkerConfig, deps: WorkerDeps = {}): Promise<WorkerApp> {
  const log = deps.log ?? createLog({ service: 'worker', level: config.LOG_LEVEL });
  const metrics = createMetrics({ service: 'worker' });
  const lifecycle = createLifecycle(log);
  try {
    return await compose({ config, deps, log, metrics, lifecycle });
  } catch (error) {
    await lifecycle.stop('could not start');
    metrics.close();
    throw error;
  }
}

interface Base {
  readonly config: WorkerConfig;
  readonly deps: WorkerDeps;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
}

async function compose(base: Base): Promise<WorkerApp> {
  const { config, log, metrics, lifecycle } = base;
  const engines = await readyEngines(base);
  const redis = connectRedis(config.REDIS_URL, { role: 'producer', log });
  lifecycle.onStop('redis', () => redis.disconnect(), 1000);
  if (!(await redisReady(redis, REDIS_WAIT_MS))) log.warn('redis cannot be reached yet');
  const parts = await createParts(base, engines, redis);
  collectQueueMetrics(metrics, parts.producer);
  const listener = await createListener({
    log,
    metrics,
    checks: { redis: () => redis.ping(), storage: () => parts.store.head('_earshot/ready') },
  });
  const consumers = createWorkConsumers(base, parts, redis);
  void removeStaleScratch(config.EARSHOT_SPOOL_DIR);
  const passes = createPassLock(redis, 'reconciler');
  const reconciler = createReconciler(parts, passes, config.EARSHOT_RECONCILE_SECONDS * 1000);
  const retention = createRetention(parts, createPassLock(redis, 'retention'), {
    v: 1,
    keepAudioDays: config.EARSHOT_KEEP_AUDIO_DAYS,
    keepTranscriptDays: null,
  });
  const drainMs = config.EARSHOT_DRAIN_SECONDS * 1000;
  lifecycle.onStop('jobs', () => consumers.close(drainMs), drainMs + CLOSE_GRACE_MS);
  lifecycle.onStop('reconciler', () => reconciler.stop(), 5000);
  lifecycle.onStop('retention', () => retention.stop(), 5000);
  lifecycle.onStop('pages', () => listener.close(), 5000);
  return {
    async start() {
      consumers.start();
      reconciler.start();
      retention.start();
      const { EARSHOT_METRICS_HOST: host, EARSHOT_METRICS_PORT: port } = config;
      const url = port === undefined ? undefined : await listener.listen({ host, port });
      log.info({ url, store: parts.store.description }, 'worker takes jobs');
      return { url };
    },
    async close() {
      await lifecycle.stop('close');
      metrics.close();
    },
  };
}

/** A remote engine that is only away for now does not keep the worker from starting; a wrong setting does. */
async function readyEngines({ config, deps, lifecycle, log }: Base): Promise<OpenedEngines> {
  const engines = deps.engines === undefined ? openEngines(config) : engineSet(deps.engines);
  lifecycle.onStop('engines', () => engines.close(), 10_000);
  await engines.ready(AbortSignal.timeout(ENGINE_READY_MS)).catch((error: unknown) => {
    if (!(error instanceof EngineError) || error.fault.kind !== 'transient') throw error;
    log.warn({ err: error }, 'an engine cannot be reached yet');
  });
  return engines;
}

async function createParts(base: Base, engines: OpenedEngines, redis: Redis): Promise<WorkerParts> {
  const { config, log, metrics, lifecycle } = base;
  const store = openObjectStore(config.EARSHOT_OBJECT_STORE);
  lifecycle.onStop('object store', () => store.close(), 5000);
  await store.probe();
  const producer = createQueueProducer({
    connection: redis,
    onError: (error) => log.warn({ err: error }, 'the queue cannot be reached'),
  });
  lifecycle.onStop('queue', () => producer.close(), 5000);
  const index = createRedisIndex(redis, { node: `worker-${randomUUID()}` });
  lifecycle.onStop('index', () => index.close(), 2000);
  const events = createEventLog(redis);
  lifecycle.onStop('events', () => events.close(), 1000);
  return {
    store,
    archive: createSessionArchive(store),
    callArchive: createCallArchive(store),
    producer,
    index,
    events,
    deliveries: createDeliveryLog(redis),
    transcriber: await createOwnTranscriber(base, engines),
    engines: engines.byModel,
    fetch: createGuardedFetch({ allowPrivate: config.EARSHOT_WEBHOOK_ALLOW_INSECURE }),
    log,
    metrics,
    now: () => new Date(),
  };
}

async function createOwnTranscriber(
  { config, lifecycle, log }: Base,
  engines: OpenedEngines,
): Promise<Transcriber> {
  const own = { engines: engines.byModel, clock: Date.now };
  const { EARSHOT_SPEECH_CHECK: mode } = config;
  if (mode === 'none') return createTranscriber(own);
  const speechCheck = await openSpeechCheck(log);
  lifecycle.onStop('speech check', () => speechCheck.close(), 2000);
  return createTranscriber({ ...own, speechCheck, onNoSpeech: mode });
}

function createWorkConsumers({ config, log, metrics }: Base, parts: WorkerParts, redis: Redis): Consumers {
  return createConsumers({
    connection: redis,
    handlers: createHandlers(
      parts,
      { policy: config.EARSHOT_CUT_POLICY },
      {
        keepRecordingDays: config.EARSHOT_KEEP_RECORDING_DAYS,
        spoolFolder: config.EARSHOT_SPOOL_DIR,
      },
    ),
    concurrency: {
      'decode-uploads': config.EARSHOT_DECODE_CONCURRENCY,
      'transcribe-segment': config.EARSHOT_CONCURRENCY ?? usualConcurrency(config, availableParallelism()),
      'assemble-transcript': ASSEMBLE_CONCURRENCY,
      'render-recording': config.EARSHOT_RECORDING_CONCURRENCY,
      'deliver-webhook': config.EARSHOT_WEBHOOK_CONCURRENCY,
    },
    onOutcome: (outcome) => observe(outcome, { log, metrics }),
    onError: (error) => log.warn({ err: error }, 'the queue reports an error'),
  });
}

function observe(outcome: JobOutcome, { log, metrics }: Pick<Base, 'log' | 'metrics'>): void {
  const { job: queue, outcome: how, durationMs } = outcome;
  metrics.add('earshot_jobs_total', { queue, outcome: how });
  if (durationMs > 0) metrics.observe('earshot_job_duration_seconds', { queue }, durationMs / 1000);
  const level = how === 'failed' || how === 'stalled' ? 'warn' : 'debug';
  log[level]({ queue, outcome: how, ms: Math.round(durationMs) }, 'job run ended');
}

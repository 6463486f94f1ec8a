import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from 'bullmq';
import type { Redis, RedisOptions } from 'ioredis';
import { JOB_NAMES, JOBS, type JobName, type JobTypes, retryDelayMs } from '../catalogue.ts';
import { DEFAULT_PREFIX } from '../producer/queues.ts';
import { AbandonableWorker } from './abandonable-worker.ts';
import { createIsolation, type Isolation } from './isolation.ts';
import { type Handlers, type JobOutcome, type JobRun, runJob } from './job-run.ts';

/** Takes jobs off the queue and runs them. */
export interface Consumers {
  start(): void;
  /**
   * Takes no new jobs, waits up to `deadlineMs` for running ones, then aborts their signals so that they go
   * back to the queue. A handler that ignores its signal is left behind; another process repeats its job.
   */
  close(deadlineMs: number): Promise<void>;
}

export interface ConsumerOptions {
  /** Only its settings are used: connections made from it reconnect for as long as it takes. */
  readonly connection: Redis;
  readonly prefix?: string;
  readonly handlers: Handlers;
  /** Jobs of each kind that this process runs side by side. */
  readonly concurrency: Readonly<Record<JobName, number>>;
  readonly onOutcome?: (outcome: JobOutcome) => void;
  readonly onError?: (error: Error) => void;
}

/** With these two a dead process's job starts elsewhere after 15 s at most. */
const LOCK_MS = 10_000;
const STALLED_CHECK_MS = 5000;
/** A third death of the process that runs a job is its end. */
const MAX_STALLS = 2;
/** How long aborted handlers get to come back, ms. */
const ABORT_GRACE_MS = 2000;

/** Commands wait for Redis to come back; a blocked wait for jobs must never give up. */
const PATIENT: RedisOptions = {
  enableOfflineQueue: true,
  // BullMQ takes a lazy connection's first refusal for its last word.
  lazyConnect: false,
  disconnectTimeout: 500,
  maxRetriesPerRequest: null,
  retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), 1000),
};

/**
 * A connection of our own to the same Redis. A command timeout is left out: BullMQ waits for work with blocking
 * commands, and one that is cut short loses the moment when a delayed job falls due.
 */
function patientCopy(connection: Redis): Redis {
  const redis = connection.duplicate(PATIENT);
  delete redis.options.commandTimeout;
  return redis;
}

export function createConsumers(options: ConsumerOptions): Consumers {
  const { connection, onError = () => undefined } = options;
  const redis = patientCopy(connection);
  redis.on('error', onError);
  const isolation = createIsolation();
  const workers = JOB_NAMES.map((name) => createWorker(name, { options, redis, isolation }));
  return {
    start() {
      for (const worker of workers) void worker.run().catch(onError);
    },
    async close(deadlineMs) {
      const drained = Promise.all(workers.map((worker) => worker.close())).catch(onError);
      if (!(await within(drained, deadlineMs))) {
        for (const worker of workers) worker.cancelAllJobs('shutting down');
        if (!(await within(drained, ABORT_GRACE_MS))) {
          await Promise.all(workers.map((worker) => worker.abandon()));
        }
      }
      redis.disconnect();
    },
  };
}

interface WorkerParts {
  readonly options: ConsumerOptions;
  readonly redis: Redis;
  readonly isolation: Isolation;
}

function createWorker<N extends JobName>(
  name: N,
  { options, redis, isolation }: WorkerParts,
): AbandonableWorker<JobTypes[N]> {
  const { prefix = DEFAULT_PREFIX, concurrency, onOutcome, onError = () => undefined } = options;
  const report = (outcome: JobOutcome): void => onOutcome?.(outcome);
  const run: JobRun<N> = { name, handler: options.handlers[name], isolation, report };
  // BullMQ hands over the abort signal only to functions that declare three parameters.
  const process = (job: Job, _token?: string, signal?: AbortSignal): Promise<void> =>
    runJob(run, job, signal ?? new AbortController().signal);
  const worker = new AbandonableWorker<JobTypes[N]>(name, process, {
    connection: redis,
    prefix,
    autorun: false,
    concurrency: concurrency[name],
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: MAX_STALLS,
    drainDelay: 2,
    runRetryDelay: 1000,
    settings: { backoffStrategy: (attempts) => retryDelayMs(JOBS[name], attempts, Math.random()) },
  });
  worker.on('error', onError);
  // A job that stalled too often is failed without a run.
  worker.on('failed', (job) => {
    if (job?.deferredFailure !== undefined) report({ job: name, outcome: 'failed', durationMs: 0 });
  });
  worker.on('stalled', () => report({ job: name, outcome: 'stalled', durationMs: 0 }));
  return worker;
}

/** True when the promise settles in time. */
async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(ms, false, { signal: timer.signal }).catch(() => false);
  const settled = await Promise.race([promise.then(() => true), late]);
  timer.abort();
  return settled;
}

import { FlowProducer, type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { JOBS, type JobName } from '../catalogue.ts';

/** Key prefix of all queues in Redis unless the caller names another. */
export const DEFAULT_PREFIX = 'earshot-queue';

/** Finished jobs stay a while for people to look at; failed ones, with their reason, for a week. */
const KEEP_COMPLETED = { age: 3600, count: 1000 };
const KEEP_FAILED = { age: 7 * 86_400, count: 10_000 };

/** BullMQ's objects for every job of the catalogue, over one connection. */
export interface Queues {
  of(name: JobName): Queue;
  readonly flows: FlowProducer;
  close(): Promise<void>;
}

export function createQueues(redis: Redis, prefix: string, onError: (error: Error) => void): Queues {
  // Asking for the version at start would leave the queue broken for good if Redis dies in that moment.
  const options = { connection: redis, prefix, skipVersionCheck: true };
  const open = (name: JobName): Queue => {
    const queue = new Queue(name, { ...options, skipMetasUpdate: true });
    queue.on('error', onError);
    return queue;
  };
  const queues: Record<JobName, Queue> = {
    'decode-uploads': open('decode-uploads'),
    'transcribe-segment': open('transcribe-segment'),
    'assemble-transcript': open('assemble-transcript'),
    'render-recording': open('render-recording'),
    'deliver-webhook': open('deliver-webhook'),
  };
  const flows = new FlowProducer(options);
  flows.on('error', onError);
  return {
    of: (name) => queues[name],
    flows,
    async close() {
      await Promise.all([flows.close(), ...Object.values(queues).map((queue) => queue.close())]);
    },
  };
}

/** BullMQ's options of a job with that id, from its row. */
export function jobOptions(name: JobName, jobId: string): JobsOptions {
  return {
    jobId,
    attempts: JOBS[name].attempts,
    backoff: { type: 'catalogue' },
    removeOnComplete: KEEP_COMPLETED,
    removeOnFail: KEEP_FAILED,
    stackTraceLimit: 3,
  };
}

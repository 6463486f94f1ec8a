import type { DeliverWebhookJob, SessionRef, TranscribeSegmentJob } from '@earshot/protocol';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { JOBS, type JobName, segmentJobId } from '../catalogue.ts';
import type { Queues } from './queues.ts';

/** What a session may have in the queue beside its leading jobs. */
export interface SessionJobs {
  readonly segments: readonly Pick<TranscribeSegmentJob, 'track' | 'index'>[];
  readonly deliveries: readonly DeliverWebhookJob[];
}

/** Ids asked about at once. */
const BATCH = 200;

/**
 * Removes a session's jobs in whatever state they are and resolves to their number. One that runs just now cannot
 * be taken from its worker; it finds the session erased and ends by itself.
 */
export async function removeJobs(
  { redis, queues }: { readonly redis: Redis; readonly queues: Queues },
  ref: SessionRef,
  { segments, deliveries }: SessionJobs,
): Promise<number> {
  // The parent goes first: without it no child sets it going by its own removal.
  const ids: readonly [JobName, readonly string[]][] = [
    ['assemble-transcript', [JOBS['assemble-transcript'].jobId(ref)]],
    ['decode-uploads', [JOBS['decode-uploads'].jobId(ref)]],
    ['transcribe-segment', segments.map((segment) => segmentJobId({ ...ref, ...segment }))],
    ['render-recording', [JOBS['render-recording'].jobId(ref)]],
    ['deliver-webhook', deliveries.map((job) => JOBS['deliver-webhook'].jobId(job))],
  ];
  let removed = 0;
  for (const [name, jobIds] of ids) removed += await removeIds(redis, queues.of(name), jobIds);
  return removed;
}

async function removeIds(redis: Redis, queue: Queue, ids: readonly string[]): Promise<number> {
  let removed = 0;
  for (let at = 0; at < ids.length; at += BATCH) {
    const taken = await Promise.all(
      ids.slice(at, at + BATCH).map(async (id) => {
        if ((await redis.exists(queue.toKey(id))) === 0) return 0;
        return queue.remove(id, { removeChildren: false });
      }),
    );
    removed += taken.reduce((sum, count) => sum + count, 0);
  }
  return removed;
}

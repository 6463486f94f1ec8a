import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

const UNFINISHED: readonly string[] = ['active', 'waiting', 'waiting-children', 'delayed', 'prioritized'];

/** True while Redis still has work to do for a job; false when it ended or is unknown. */
export async function isUnfinished(queue: Queue, jobId: string): Promise<boolean> {
  return UNFINISHED.includes(await queue.getJobState(jobId));
}

/**
 * Removes the jobs with those ids that have ended, so that the ids can be used again: a job that ended long
 * ago would otherwise swallow the new one. Resolves to the number of jobs that are unfinished and stay.
 */
export async function removeEnded(redis: Redis, queue: Queue, jobIds: readonly string[]): Promise<number> {
  if (jobIds.length === 0) return 0;
  const present = await redis.exists(...jobIds.map((id) => queue.toKey(id)));
  if (present === 0) return 0;
  const stay = await Promise.all(
    jobIds.map(async (id) => {
      if (await isUnfinished(queue, id)) return true;
      await queue.remove(id, { removeChildren: false });
      return false;
    }),
  );
  return stay.filter(Boolean).length;
}

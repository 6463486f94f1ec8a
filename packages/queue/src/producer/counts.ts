import type { Queue } from 'bullmq';

/** How one queue stands. */
export interface QueueCounts {
  /** Ready to run, and nobody runs it yet. */
  readonly waiting: number;
  readonly active: number;
  /** Put off: the next attempt has its time. */
  readonly delayed: number;
  /** Parents whose children still run. */
  readonly waitingChildren: number;
  /** Ended for good with a reason, and still kept. */
  readonly failed: number;
  /** Age of the job that waits longest, ms; 0 when none waits. */
  readonly oldestWaitMs: number;
}

/** Counts one queue at `nowMs`. */
export async function countQueue(queue: Queue, nowMs: number): Promise<QueueCounts> {
  const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'waiting-children', 'failed');
  const [oldest] = await queue.getJobs(['waiting'], 0, 0, true);
  return {
    waiting: counts['waiting'] ?? 0,
    active: counts['active'] ?? 0,
    delayed: counts['delayed'] ?? 0,
    waitingChildren: counts['waiting-children'] ?? 0,
    failed: counts['failed'] ?? 0,
    oldestWaitMs: oldest === undefined ? 0 : Math.max(0, nowMs - oldest.timestamp),
  };
}

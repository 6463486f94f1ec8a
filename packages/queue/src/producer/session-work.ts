import type { SessionRef } from '@earshot/protocol';
import type { Job, Queue } from 'bullmq';
import { JOBS } from '../catalogue.ts';
import { isUnfinished } from './leftovers.ts';
import type { Queues } from './queues.ts';

/** What the queue holds for one session. */
export type SessionWork =
  | { readonly state: 'none' }
  | { readonly state: 'unfinished' }
  | {
      readonly state: 'completed' | 'failed';
      /** Which of the session's two leading jobs ended. */
      readonly job: 'decode-uploads' | 'assemble-transcript';
      readonly endedAtMs: number;
      /** True when the job was failed because each process that ran it died. */
      readonly stalledOut: boolean;
    };

/** What the queue holds for one segment's job. */
export interface SegmentWork {
  readonly state: 'none' | 'unfinished' | 'completed' | 'failed';
  /** Present when failed. */
  readonly reason?: string;
  /** True when it was failed because each process that ran it died. */
  readonly stalledOut?: boolean;
}

/** What the queue holds for the recordings of a session. */
export type RecordingWork =
  | { readonly state: 'none' | 'unfinished' }
  | { readonly state: 'completed' | 'failed'; readonly endedAtMs: number };

/** How BullMQ words the failure of a job whose processes died too often. */
const STALLED_OUT = /stalled more than allowable limit/;

/** Children looked at when a parent seems to wait for nothing. */
const SAMPLE = 10;

/** Reads what is left to do for a session; a parent that waits for children that have ended is taken away. */
export async function readSessionWork(queues: Queues, ref: SessionRef): Promise<SessionWork> {
  const assemble = queues.of('assemble-transcript');
  const assembleId = JOBS['assemble-transcript'].jobId(ref);
  const decode = queues.of('decode-uploads');
  const decodeId = JOBS['decode-uploads'].jobId(ref);
  const state = await assemble.getJobState(assembleId);
  if (state === 'waiting-children' && (await waitsInVain(queues, assembleId))) {
    await assemble.remove(assembleId, { removeChildren: false });
    return { state: 'none' };
  }
  if ((await isUnfinished(assemble, assembleId)) || (await isUnfinished(decode, decodeId))) {
    return { state: 'unfinished' };
  }
  const ended = (await findJob(assemble, assembleId)) ?? (await findJob(decode, decodeId));
  if (ended === undefined) return { state: 'none' };
  const failed = await ended.isFailed();
  return {
    state: failed ? 'failed' : 'completed',
    job: ended.id === assembleId ? 'assemble-transcript' : 'decode-uploads',
    endedAtMs: ended.finishedOn ?? 0,
    stalledOut: failed && STALLED_OUT.test(ended.failedReason),
  };
}

/** Reads what became of one segment's job. */
export async function readSegmentWork(queues: Queues, jobId: string): Promise<SegmentWork> {
  const queue = queues.of('transcribe-segment');
  if (await isUnfinished(queue, jobId)) return { state: 'unfinished' };
  const job = await findJob(queue, jobId);
  if (job === undefined) return { state: 'none' };
  if (!(await job.isFailed())) return { state: 'completed' };
  return { state: 'failed', reason: job.failedReason, stalledOut: STALLED_OUT.test(job.failedReason) };
}

/** Reads what became of the job that makes a session's recordings. */
export async function readRecordingWork(queues: Queues, ref: SessionRef): Promise<RecordingWork> {
  const queue = queues.of('render-recording');
  const jobId = JOBS['render-recording'].jobId(ref);
  if (await isUnfinished(queue, jobId)) return { state: 'unfinished' };
  const job = await findJob(queue, jobId);
  if (job === undefined) return { state: 'none' };
  return { state: (await job.isFailed()) ? 'failed' : 'completed', endedAtMs: job.finishedOn ?? 0 };
}

function findJob(queue: Queue, jobId: string): Promise<Job | undefined> {
  return queue.getJob(jobId);
}

/** True when a child that the parent still counts on has ended or is gone: two producers added the flow at once. */
async function waitsInVain(queues: Queues, parentId: string): Promise<boolean> {
  const parent = await findJob(queues.of('assemble-transcript'), parentId);
  if (parent === undefined) return false;
  const { unprocessed = [] } = await parent.getDependencies({ unprocessed: { count: SAMPLE } });
  const queue = queues.of('transcribe-segment');
  const ids = unprocessed.slice(0, SAMPLE).map((key) => key.slice(key.lastIndexOf(':') + 1));
  const unfinished = await Promise.all(ids.map((id) => isUnfinished(queue, id)));
  return unfinished.includes(false) && (await parent.isWaitingChildren());
}

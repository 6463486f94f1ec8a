import type {
  DecodeUploadsJob,
  DeliverWebhookJob,
  RenderRecordingJob,
  SessionRef,
  TranscribeSegmentJob,
} from '@earshot/protocol';
import type { FlowJob } from 'bullmq';
import type { Redis } from 'ioredis';
import { JOB_NAMES, JOBS, type JobName } from '../catalogue.ts';
import { countQueue, type QueueCounts } from './counts.ts';
import { createFailFastClient } from './fail-fast-client.ts';
import { isUnfinished, removeEnded } from './leftovers.ts';
import { createQueues, DEFAULT_PREFIX, jobOptions, type Queues } from './queues.ts';
import { removeJobs, type SessionJobs } from './removal.ts';
import {
  type RecordingWork,
  readRecordingWork,
  readSegmentWork,
  readSessionWork,
  type SegmentWork,
  type SessionWork,
} from './session-work.ts';

/**
 * Puts work on the queue. Adding work that is still to be done is harmless; work that has ended is done again.
 * Every method rejects with `service_unavailable` within seconds when Redis cannot be reached.
 */
export interface QueueProducer {
  decodeUploads(job: DecodeUploadsJob): Promise<void>;
  /** One job a segment and a parent that assembles once all have ended, whether they succeeded or not. */
  transcribeFlow(ref: SessionRef, segments: readonly TranscribeSegmentJob[]): Promise<void>;
  /** Segment jobs alone, for an assembly that found some missing. */
  transcribeSegments(segments: readonly TranscribeSegmentJob[]): Promise<void>;
  renderRecording(job: RenderRecordingJob): Promise<void>;
  /** Never repeats a delivery that the queue still remembers. */
  deliverWebhook(job: DeliverWebhookJob, options?: { readonly delayMs?: number }): Promise<void>;
  counts(): Promise<Record<JobName, QueueCounts>>;
  /** True while a session's work is unfinished, and for a short while after it ended. */
  hasWork(ref: SessionRef): Promise<boolean>;
  sessionWork(ref: SessionRef): Promise<SessionWork>;
  segmentWork(segment: TranscribeSegmentJob): Promise<SegmentWork>;
  recordingWork(ref: SessionRef): Promise<RecordingWork>;
  /** Takes a session's jobs away and resolves to their number; one that runs just now stays. */
  removeSession(ref: SessionRef, jobs: SessionJobs): Promise<number>;
  close(): Promise<void>;
}

export interface QueueProducerOptions {
  /** Only its settings are used: the producer opens a connection of its own that never queues offline. */
  readonly connection: Redis;
  readonly prefix?: string;
  readonly onError?: (error: Error) => void;
}

/** Work that ended this recently still counts as work, ms. */
const RECENT_MS = 30_000;

export function createQueueProducer(options: QueueProducerOptions): QueueProducer {
  const { connection, prefix = DEFAULT_PREFIX, onError = () => undefined } = options;
  const client = createFailFastClient(connection, onError);
  const queues = createQueues(client.redis, prefix, onError);
  return {
    decodeUploads: (job) =>
      client.run(() => addAgain({ redis: client.redis, queues }, 'decode-uploads', job)),
    renderRecording: (job) =>
      client.run(() => addAgain({ redis: client.redis, queues }, 'render-recording', job)),
    transcribeFlow: (ref, segments) =>
      client.run(() => addFlow({ redis: client.redis, queues }, ref, segments)),
    transcribeSegments: (segments) =>
      client.run(async () => {
        const queue = queues.of('transcribe-segment');
        const jobs = segments.map((data) => segmentJob(data));
        await removeEnded(
          client.redis,
          queue,
          segments.map((data) => JOBS['transcribe-segment'].jobId(data)),
        );
        await queue.addBulk(jobs);
      }),
    deliverWebhook: (job, { delayMs = 0 } = {}) =>
      client.run(async () => {
        const jobId = JOBS['deliver-webhook'].jobId(job);
        const jobsOptions = { ...jobOptions('deliver-webhook', jobId), delay: delayMs };
        await queues.of('deliver-webhook').add('deliver-webhook', job, jobsOptions);
      }),
    counts: () => client.run(() => countAll(queues)),
    hasWork: (ref) =>
      client.run(async () => {
        const work = await readSessionWork(queues, ref);
        if (work.state === 'none' || work.state === 'unfinished') return work.state === 'unfinished';
        return Date.now() - work.endedAtMs < RECENT_MS;
      }),
    sessionWork: (ref) => client.run(() => readSessionWork(queues, ref)),
    segmentWork: (segment) =>
      client.run(() => readSegmentWork(queues, JOBS['transcribe-segment'].jobId(segment))),
    recordingWork: (ref) => client.run(() => readRecordingWork(queues, ref)),
    removeSession: (ref, jobs) => client.run(() => removeJobs({ redis: client.redis, queues }, ref, jobs)),
    async close() {
      await queues.close().catch(onError);
      client.close();
    },
  };
}

interface Target {
  readonly redis: Redis;
  readonly queues: Queues;
}

/** Adds one of a session's leading jobs; one that ended makes room for it, one that is unfinished stays. */
async function addAgain(
  { redis, queues }: Target,
  name: 'decode-uploads' | 'render-recording',
  { tenant, sessionId }: SessionRef,
): Promise<void> {
  const data = { tenant, sessionId };
  const jobId = JOBS[name].jobId(data);
  await removeEnded(redis, queues.of(name), [jobId]);
  await queues.of(name).add(name, data, jobOptions(name, jobId));
}

async function addFlow(
  { redis, queues }: Target,
  ref: SessionRef,
  segments: readonly TranscribeSegmentJob[],
): Promise<void> {
  const data = { tenant: ref.tenant, sessionId: ref.sessionId };
  const parentId = JOBS['assemble-transcript'].jobId(ref);
  const parents = queues.of('assemble-transcript');
  // A flow is added all at once, so a parent that waits or runs has all its children.
  if (await isUnfinished(parents, parentId)) return;
  await removeEnded(redis, parents, [parentId]);
  await removeEnded(
    redis,
    queues.of('transcribe-segment'),
    segments.map((segment) => JOBS['transcribe-segment'].jobId(segment)),
  );
  const parent: FlowJob = {
    name: 'assemble-transcript',
    queueName: 'assemble-transcript',
    data,
    opts: jobOptions('assemble-transcript', parentId),
  };
  await queues.flows.add(segments.length === 0 ? parent : { ...parent, children: segments.map(childJob) });
}

/** Failed children are taken off the parent's list: the parent runs anyway and reports them. */
function childJob(data: TranscribeSegmentJob): FlowJob {
  const job = segmentJob(data);
  return { ...job, queueName: 'transcribe-segment', opts: { ...job.opts, ignoreDependencyOnFailure: true } };
}

function segmentJob(data: TranscribeSegmentJob): {
  name: JobName;
  data: TranscribeSegmentJob;
  opts: ReturnType<typeof jobOptions>;
} {
  const jobId = JOBS['transcribe-segment'].jobId(data);
  return { name: 'transcribe-segment', data, opts: jobOptions('transcribe-segment', jobId) };
}

async function countAll(queues: Queues): Promise<Record<JobName, QueueCounts>> {
  const now = Date.now();
  const rows = await Promise.all(
    JOB_NAMES.map(async (name) => [name, await countQueue(queues.of(name), now)] as const),
  );
  const counts = new Map<JobName, QueueCounts>(rows);
  const of = (name: JobName): QueueCounts => counts.get(name) ?? NOTHING;
  return {
    'decode-uploads': of('decode-uploads'),
    'transcribe-segment': of('transcribe-segment'),
    'assemble-transcript': of('assemble-transcript'),
    'render-recording': of('render-recording'),
    'deliver-webhook': of('deliver-webhook'),
  };
}

const NOTHING: QueueCounts = {
  waiting: 0,
  active: 0,
  delayed: 0,
  waitingChildren: 0,
  failed: 0,
  oldestWaitMs: 0,
};

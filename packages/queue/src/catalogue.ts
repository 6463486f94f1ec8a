import {
  AssembleTranscriptJob,
  DecodeUploadsJob,
  DeliverWebhookJob,
  LIMITS,
  RenderRecordingJob,
  type SessionRef,
  TranscribeSegmentJob,
} from '@earshot/protocol';
import type { z } from 'zod';

/** Payload of each job by its name, which is also the name of its queue. */
export interface JobTypes {
  'decode-uploads': DecodeUploadsJob;
  'transcribe-segment': TranscribeSegmentJob;
  'assemble-transcript': AssembleTranscriptJob;
  'render-recording': RenderRecordingJob;
  'deliver-webhook': DeliverWebhookJob;
}

export type JobName = keyof JobTypes;

/** All that is fixed about a kind of job. */
export interface JobRow<T> {
  readonly schema: z.ZodType<T>;
  /** Runs that may end in an error before the job is failed for good. */
  readonly attempts: number;
  /** Waits between attempts, ms; the last one repeats. Each wait varies by a tenth either way. */
  readonly delaysMs: readonly number[];
  /** How often a handler may put the job off with `RetryLater` without using up an attempt. */
  readonly postponements: number;
  /** Deterministic, so that adding the same work again is harmless; no colon (BullMQ refuses it). */
  readonly jobId: (job: T) => string;
}

/** A dot keeps tenant and session apart: neither may hold one. */
const sessionPart = (ref: SessionRef): string => `${ref.tenant}.${ref.sessionId}`;

/** The id of one segment's job: its place alone tells it. */
export const segmentJobId = (job: SessionRef & Pick<TranscribeSegmentJob, 'track' | 'index'>): string =>
  `seg-${sessionPart(job)}-${job.track}-${job.index}`;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The job catalogue: producer methods and the map of handlers derive from these rows. */
export const JOBS: { readonly [N in JobName]: JobRow<JobTypes[N]> } = {
  'decode-uploads': {
    schema: DecodeUploadsJob,
    attempts: 6,
    delaysMs: [1, 5, 15, 60, 300].map((seconds) => seconds * SECOND),
    postponements: 200,
    jobId: (job) => `dec-${sessionPart(job)}`,
  },
  'transcribe-segment': {
    schema: TranscribeSegmentJob,
    attempts: 5,
    delaysMs: [1, 5, 20, 60].map((seconds) => seconds * SECOND),
    postponements: 200,
    jobId: segmentJobId,
  },
  'assemble-transcript': {
    schema: AssembleTranscriptJob,
    attempts: 8,
    delaysMs: [1, 5, 15, 60, 120, 300].map((seconds) => seconds * SECOND),
    postponements: 1000,
    jobId: (job) => `asm-${sessionPart(job)}`,
  },
  'render-recording': {
    schema: RenderRecordingJob,
    attempts: 8,
    delaysMs: [1, 5, 15, 60, 120, 300].map((seconds) => seconds * SECOND),
    postponements: 1000,
    jobId: (job) => `rec-${sessionPart(job)}`,
  },
  'deliver-webhook': {
    schema: DeliverWebhookJob,
    attempts: LIMITS.webhookAttempts,
    // Nine waits that add up to just under 24 hours.
    delaysMs: [
      5 * SECOND,
      30 * SECOND,
      2 * MINUTE,
      10 * MINUTE,
      30 * MINUTE,
      HOUR,
      3 * HOUR,
      7 * HOUR,
      12 * HOUR,
    ],
    postponements: 1000,
    jobId: ({ eventId, webhookId, deliveryId }) =>
      `whk-${eventId}-${webhookId}${deliveryId === undefined ? '' : `-${deliveryId}`}`,
  },
};

export const JOB_NAMES = Object.keys(JOBS).filter(isJobName);

function isJobName(name: string): name is JobName {
  return Object.hasOwn(JOBS, name);
}

/** Milliseconds until the attempt after `attemptsMade` failed ones; `random` is in [0, 1). */
export function retryDelayMs(
  row: Pick<JobRow<unknown>, 'delaysMs'>,
  attemptsMade: number,
  random: number,
): number {
  const base = row.delaysMs[Math.min(attemptsMade, row.delaysMs.length) - 1] ?? SECOND;
  return Math.round(base * (0.9 + 0.2 * random));
}

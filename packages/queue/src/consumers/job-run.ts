import { DelayedError, type Job, UnrecoverableError, WaitingError } from 'bullmq';
import { JOBS, type JobName, type JobRow, type JobTypes } from '../catalogue.ts';
import { GiveUp, RetryLater } from '../verdicts.ts';
import type { Isolation } from './isolation.ts';

/** What a handler knows about the run it is in. */
export interface JobContext {
  /** Counts from 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** True when an error now ends the job for good. */
  readonly finalAttempt: boolean;
  /** How often the job was put off so far. */
  readonly postponed: number;
  /** False when `RetryLater` would count as an ordinary failed attempt. */
  readonly mayPostpone: boolean;
  /** Aborts when the process must end now; the job then goes back to the queue. */
  readonly signal: AbortSignal;
}

export type Handler<T> = (job: T, context: JobContext) => Promise<void>;

/** One handler for each row of the catalogue; a missing one does not compile. */
export type Handlers = { readonly [N in JobName]: Handler<JobTypes[N]> };

/** One run of a job, as metrics see it. */
export interface JobOutcome {
  readonly job: JobName;
  readonly outcome: 'completed' | 'retried' | 'postponed' | 'returned' | 'failed' | 'stalled';
  readonly durationMs: number;
}

export interface JobRun<N extends JobName> {
  readonly name: N;
  readonly handler: Handler<JobTypes[N]>;
  readonly isolation: Isolation;
  readonly report: (outcome: JobOutcome) => void;
}

/** Stalls before a job is a suspect; the one after that is its last. */
const SUSPECT_AFTER_STALLS = 2;
const SUSPECT_WAIT_MS = 1000;

/** Runs one job and says in BullMQ's words what comes next: done, later, again, or never. */
export async function runJob<N extends JobName>(
  run: JobRun<N>,
  job: Job,
  signal: AbortSignal,
): Promise<void> {
  const row: JobRow<JobTypes[N]> = JOBS[run.name];
  const started = performance.now();
  const context = contextOf(row, job, signal);
  let outcome: JobOutcome['outcome'] = 'completed';
  try {
    const leave = await run.isolation.enter(job.stalledCounter >= SUSPECT_AFTER_STALLS);
    if (leave === null) throw new RetryLater(SUSPECT_WAIT_MS);
    try {
      await run.handler(parse(row, job), context);
    } finally {
      leave();
    }
  } catch (error) {
    const verdict = await judge(error, job, context);
    outcome = verdict.outcome;
    throw verdict.error;
  } finally {
    run.report({ job: run.name, outcome, durationMs: performance.now() - started });
  }
}

function parse<T>(row: JobRow<T>, job: Job): T {
  const parsed = row.schema.safeParse(job.data);
  if (!parsed.success) throw new GiveUp('the job does not fit its schema');
  return parsed.data;
}

function contextOf(
  row: Pick<JobRow<unknown>, 'attempts' | 'postponements'>,
  job: Job,
  signal: AbortSignal,
): JobContext {
  const maxAttempts = job.opts.attempts ?? row.attempts;
  const attempt = job.attemptsMade + 1;
  const postponed = Math.max(0, job.attemptsStarted - attempt - job.stalledCounter);
  return {
    attempt,
    maxAttempts,
    finalAttempt: attempt >= maxAttempts,
    postponed,
    mayPostpone: postponed < row.postponements,
    signal,
  };
}

async function judge(
  error: unknown,
  job: Job,
  context: JobContext,
): Promise<{ outcome: JobOutcome['outcome']; error: Error }> {
  if (context.signal.aborted) {
    await job.moveToWait(job.token);
    return { outcome: 'returned', error: new WaitingError() };
  }
  if (error instanceof RetryLater && context.mayPostpone) {
    await job.moveToDelayed(Date.now() + error.delayMs, job.token);
    return { outcome: 'postponed', error: new DelayedError() };
  }
  if (error instanceof GiveUp) return { outcome: 'failed', error: new UnrecoverableError(error.reason) };
  const plain = error instanceof Error ? error : new Error('a handler threw something that is no error');
  return { outcome: context.finalAttempt ? 'failed' : 'retried', error: plain };
}

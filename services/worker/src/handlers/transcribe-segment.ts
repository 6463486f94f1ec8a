import type { SegmentResult, TranscribeSegmentJob } from '@earshot/protocol';
import { type Handler, type JobContext, RetryLater } from '@earshot/queue';
import { ObjectNotFound } from '@earshot/storage';
import { EngineError } from '@earshot/transcription';
import { unlessErased } from '../finishing/erasure.ts';
import type { WorkerParts } from '../parts.ts';

/** What an engine may ask us to wait, ms. */
const SHORTEST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 300_000;
/** Runs of one segment that may race for the same result key. */
const MAX_RACES = 5;

const STATUS = { ok: 'transcribed', no_speech: 'no_speech', failed: 'failed' } as const;

/** Transcribes one segment unless that was done; what cannot be done becomes a stored failure with its reason. */
export function createTranscribeSegment(parts: WorkerParts): Handler<TranscribeSegmentJob> {
  return (job, context) => {
    // All reads at once: mostly there is no erasure and no result yet, and a store may be far away.
    const reading = Promise.all([
      parts.archive.readResult(job, job.track, job.index),
      readSegment(parts, job),
    ]);
    reading.catch(() => undefined);
    return unlessErased(parts.archive, job, async () => {
      const [known, wav] = await reading;
      if (known !== null && known.status !== 'failed') {
        await tellIndex(parts, job, known);
        return;
      }
      const stored = await store(parts, job, {
        result: await transcribe(parts, { job, wav }, context),
        known,
      });
      await tellIndex(parts, job, stored);
    });
  };
}

/** The segment's file; null when it is not stored. */
async function readSegment(
  { store }: WorkerParts,
  { key }: TranscribeSegmentJob,
): Promise<Uint8Array | null> {
  try {
    return await store.get(key);
  } catch (error) {
    if (error instanceof ObjectNotFound) return null;
    throw error;
  }
}

async function transcribe(
  parts: WorkerParts,
  { job, wav }: { readonly job: TranscribeSegmentJob; readonly wav: Uint8Array | null },
  context: JobContext,
): Promise<SegmentResult> {
  if (wav === null)
    return failedResult(parts, job, { reason: 'segment_missing', message: 'The segment is not stored.' });
  try {
    return await parts.transcriber.transcribeSegment({
      wav,
      entry: job,
      model: job.model,
      language: job.language,
      attempt: context.attempt,
      finalAttempt: false,
      signal: context.signal,
    });
  } catch (error) {
    if (!(error instanceof EngineError) || error.fault.kind === 'aborted') throw error;
    const { fault } = error;
    if (fault.kind === 'rate-limited' && context.mayPostpone) {
      throw new RetryLater(
        Math.min(Math.max(fault.retryAfterMs, SHORTEST_WAIT_MS), LONGEST_WAIT_MS),
        fault.kind,
      );
    }
    if (!context.finalAttempt) throw error;
    return failedResult(parts, job, { reason: fault.kind, message: error.message });
  }
}

function failedResult(
  parts: WorkerParts,
  job: TranscribeSegmentJob,
  error: { reason: string; message: string },
): SegmentResult {
  const { identity } = parts.engines[job.model];
  return {
    v: 1,
    track: job.track,
    index: job.index,
    attempt: 1,
    status: 'failed',
    engine: identity.engine,
    model: identity.model,
    version: identity.version,
    language: null,
    timing: 'none',
    utterances: [],
    error,
    guarded: [],
    finishedAt: parts.now().toISOString(),
    engineMs: 0,
  };
}

/**
 * Stores a result behind the ones that are there: a failure of an earlier round must not hide a success of this
 * one. Gives the result that counts.
 */
async function store(
  { archive }: WorkerParts,
  job: TranscribeSegmentJob,
  { result, known }: { readonly result: SegmentResult; readonly known: SegmentResult | null },
): Promise<SegmentResult> {
  let best = known;
  for (let race = 0; race < MAX_RACES; race += 1) {
    if (best !== null && best.status !== 'failed') return best;
    const next = { ...result, attempt: (best?.attempt ?? 0) + 1 };
    if ((await archive.createResult(job, next)) === 'created') return next;
    // Another run of the job was faster.
    best = await archive.readResult(job, job.track, job.index);
  }
  throw new Error('too many runs race for the result of one segment');
}

/** The index is a convenience here: the result is stored whether it hears of it or not. */
async function tellIndex(
  { index, log }: WorkerParts,
  job: TranscribeSegmentJob,
  result: SegmentResult,
): Promise<void> {
  if (result.status === 'failed') {
    log.warn(
      { session: job.sessionId, track: job.track, index: job.index, reason: result.error?.reason },
      'a segment failed',
    );
  }
  await index.markSegment(job, job, STATUS[result.status]).catch((error: unknown) => {
    log.warn({ err: error, session: job.sessionId }, 'the index did not hear of a segment');
  });
}

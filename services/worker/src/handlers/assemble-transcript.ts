import type {
  AssembleTranscriptJob,
  DecodedRecord,
  Manifest,
  SegmentEntry,
  SegmentResult,
  SessionDocument,
} from '@earshot/protocol';
import { GiveUp, type Handler, type JobContext, planSegments, RetryLater } from '@earshot/queue';
import { segmentName } from '@earshot/sessions';
import { assembleTranscript } from '@earshot/transcription';
import { unlessErased } from '../finishing/erasure.ts';
import { finishSession } from '../finishing/finish.ts';
import type { WorkerParts } from '../parts.ts';
import { growingWaitMs } from './outages.ts';

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;

type Missing = Readonly<Record<string, { reason: string; message: string }>>;

/** Everything of a session that its transcript is made of. */
interface Material {
  readonly session: SessionDocument;
  readonly manifest: Manifest;
  readonly decoded: DecodedRecord | null;
  readonly segments: readonly SegmentEntry[];
  readonly results: readonly SegmentResult[];
}

type Stored = readonly [
  SessionDocument | null,
  Manifest | null,
  DecodedRecord | null,
  readonly SegmentResult[],
];

/** Makes a session's one transcript from what is stored, and finishes the session. */
export function createAssembleTranscript(parts: WorkerParts): Handler<AssembleTranscriptJob> {
  const { archive, metrics, now } = parts;
  return (job, context) =>
    unlessErased(archive, job, async () => {
      // Begun at once, and looked at only when it is needed: what cannot be read must not hold up what is finished.
      const reading = read(parts, job);
      reading.catch(() => undefined);
      const existing = await archive.readTranscript(job);
      if (existing !== null) {
        await finishSession(parts, existing);
        return;
      }
      const material = await complete(parts, job, await reading);
      const missing = await explainMissing(parts, material, context);
      const transcript = assembleTranscript({ ...material, missing, now: now().toISOString() });
      if ((await archive.createTranscript(transcript)) === 'created') {
        metrics.add('earshot_sessions_finished_total', { status: transcript.status });
        await finishSession(parts, transcript);
        return;
      }
      const first = await archive.readTranscript(job);
      if (first !== null) await finishSession(parts, first);
    });
}

function read({ archive }: WorkerParts, job: AssembleTranscriptJob): Promise<Stored> {
  return Promise.all([
    archive.readSession(job),
    archive.readManifest(job),
    archive.readDecoded(job),
    archive.readResults(job),
  ]);
}

/** What is stored, unless a part is missing that comes first. */
async function complete(
  { producer }: WorkerParts,
  job: AssembleTranscriptJob,
  [session, manifest, decoded, results]: Stored,
): Promise<Material> {
  if (session === null || manifest === null) throw new GiveUp('the session has no manifest');
  if (manifest.uploads.length > 0 && decoded === null) {
    await producer.decodeUploads(job);
    throw new GiveUp('the uploads are not decoded');
  }
  const segments = [...manifest.segments, ...(decoded?.segments ?? [])];
  return { session, manifest, decoded, segments, results };
}

/**
 * Why segments have no result. Only a job that truly ended explains one: while a job may still bring a result the
 * assembly is put off, and a job that is nowhere is added again.
 */
async function explainMissing(
  { producer }: WorkerParts,
  { session, segments, results }: Material,
  context: JobContext,
): Promise<Missing> {
  const done = new Set(results.map(segmentName));
  const open = planSegments(
    session,
    segments.filter((segment) => !done.has(segmentName(segment))),
  );
  if (open.length === 0) return {};
  const works = await Promise.all(open.map(async (job) => ({ job, work: await producer.segmentWork(job) })));
  const gone = works.filter(({ work }) => work.state === 'none' || work.state === 'completed');
  if (gone.length > 0) await producer.transcribeSegments(gone.map(({ job }) => job));
  if (gone.length > 0 || works.some(({ work }) => work.state === 'unfinished')) {
    throw new RetryLater(growingWaitMs(context, FIRST_WAIT_MS, LONGEST_WAIT_MS), 'segments are unfinished');
  }
  return Object.fromEntries(
    works.map(({ job, work }) => [segmentName(job), work.stalledOut === true ? STALLED : ENDED]),
  );
}

const STALLED = {
  reason: 'worker_died',
  message: 'Each worker that took this segment died while it ran.',
};
const ENDED = { reason: 'job_failed', message: 'The segment could not be transcribed.' };

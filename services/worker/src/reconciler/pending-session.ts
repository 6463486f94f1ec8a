import type { Manifest, PendingMarker, SessionRef, Transcript } from '@earshot/protocol';
import { planSegments } from '@earshot/queue';
import { undecodableRecord } from '../decoding/decoded-record.ts';
import { finishSession } from '../finishing/finish.ts';
import type { WorkerParts } from '../parts.ts';
import { countFailedRound, failAssembly } from './failed-assembly.ts';
import { type RecordingRepair, repairRecording } from './pending-recording.ts';

/** What was done about one pending session. */
export type Repair = 'none' | 'dropped' | 'finished' | 'queued';

/** A marker without an intent comes a moment before the manifest; after this long there will be none, ms. */
const ABANDONED_MS = 600_000;
/** A younger marker belongs to an End that is still queueing, ms. */
const FRESH_MS = 3000;
/** Work that failed is left alone this long before it is queued again, ms. */
const REST_MS = 60_000;

/** Brings one ended session nearer to its end, by what storage and queue hold; harmless at any time, twice too. */
export async function repairPending(parts: WorkerParts, marker: PendingMarker): Promise<Repair> {
  const { archive, producer } = parts;
  const ref: SessionRef = { tenant: marker.tenant, sessionId: marker.sessionId };
  const nowMs = parts.now().getTime();
  const age = nowMs - Date.parse(marker.since);
  if (age < FRESH_MS) return 'none';
  const recording = await repairRecording(parts, marker);
  const work = await producer.sessionWork(ref);
  if (work.state === 'unfinished') return recording === 'queued' ? 'queued' : 'none';
  const transcript = await archive.readTranscript(ref);
  if (transcript !== null) return finish(parts, marker, { transcript, recording });
  if ((await archive.readErased(ref)) !== null) return drop(parts, ref);
  if (work.state === 'failed') {
    if (nowMs - work.endedAtMs < REST_MS) return 'none';
    if (work.job === 'assemble-transcript' && (await countFailedRound(parts, marker))) {
      await failAssembly(parts, ref);
      return 'finished';
    }
  }
  const manifest = await archive.readManifest(ref);
  // What End has answered and not finished is carried through by the ingest nodes.
  if (manifest === null) return age > ABANDONED_MS && marker.intent === undefined ? drop(parts, ref) : 'none';
  if (work.state === 'failed' && work.job === 'decode-uploads' && work.stalledOut) {
    await archive.createDecoded(ref, undecodableRecord(manifest.uploads));
  }
  return queueAgain(parts, ref, manifest);
}

/** A transcript is there: what is left are its news, and recordings that may still come. */
async function finish(
  parts: WorkerParts,
  marker: PendingMarker,
  { transcript, recording }: { readonly transcript: Transcript; readonly recording: RecordingRepair },
): Promise<Repair> {
  if (recording === 'queued') return 'queued';
  if (recording === 'waiting') return 'none';
  const recordingsGivenUp = recording === 'given_up';
  if (await finishSession(parts, transcript, { recordingsGivenUp })) return 'finished';
  // A marker that was damaged does not say any more that recordings are due; the next pass sees to them.
  await parts.archive.writePending({ ...marker, recording: true });
  return 'none';
}

async function drop({ archive }: Pick<WorkerParts, 'archive'>, ref: SessionRef): Promise<Repair> {
  await archive.removePending(ref);
  return 'dropped';
}

async function queueAgain(parts: WorkerParts, ref: SessionRef, manifest: Manifest): Promise<Repair> {
  const { archive, producer } = parts;
  const [document, decoded] = await Promise.all([archive.readSession(ref), archive.readDecoded(ref)]);
  if (document === null) return drop(parts, ref);
  if (manifest.uploads.length > 0 && decoded === null) {
    await producer.decodeUploads(ref);
  } else {
    const segments = [...manifest.segments, ...(decoded?.segments ?? [])];
    await producer.transcribeFlow(ref, planSegments(document, segments));
  }
  return 'queued';
}

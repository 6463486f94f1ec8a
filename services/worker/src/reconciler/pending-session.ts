import type { Manifest, PendingMarker, SessionRef } from '@earshot/protocol';
import { planSegments } from '@earshot/queue';
import { undecodableRecord } from '../decoding/decoded-record.ts';
import { finishSession } from '../finishing/finish.ts';
import type { WorkerParts } from '../parts.ts';

/** What was done about one pending session. */
export type Repair = 'none' | 'dropped' | 'finished' | 'queued';

/** End writes the marker a moment before the manifest; after this long there will be none, ms. */
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
  const work = await producer.sessionWork(ref);
  if (work.state === 'unfinished') return 'none';
  const transcript = await archive.readTranscript(ref);
  if (transcript !== null) {
    await finishSession(parts, transcript);
    return 'finished';
  }
  const [manifest, erased] = await Promise.all([archive.readManifest(ref), archive.readErased(ref)]);
  if (erased !== null || (manifest === null && age > ABANDONED_MS)) {
    await archive.removePending(ref);
    return 'dropped';
  }
  if (manifest === null) return 'none';
  if (work.state === 'failed' && nowMs - work.endedAtMs < REST_MS) return 'none';
  if (work.state === 'failed' && work.job === 'decode-uploads' && work.stalledOut) {
    await archive.createDecoded(ref, undecodableRecord(manifest.uploads));
  }
  return queueAgain(parts, ref, manifest);
}

async function queueAgain(
  { archive, producer }: WorkerParts,
  ref: SessionRef,
  manifest: Manifest,
): Promise<Repair> {
  const [document, decoded] = await Promise.all([archive.readSession(ref), archive.readDecoded(ref)]);
  if (document === null) {
    await archive.removePending(ref);
    return 'dropped';
  }
  if (manifest.uploads.length > 0 && decoded === null) {
    await producer.decodeUploads(ref);
  } else {
    const segments = [...manifest.segments, ...(decoded?.segments ?? [])];
    await producer.transcribeFlow(ref, planSegments(document, segments));
  }
  return 'queued';
}

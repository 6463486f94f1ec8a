import {
  type CallEndedRecord,
  LIMITS,
  type Manifest,
  type RecordingSidecar,
  type RenderRecordingJob,
  type SessionCall,
  type TrackName,
} from '@earshot/protocol';
import { GiveUp, type Handler, type JobContext, RetryLater } from '@earshot/queue';
import { callKeys, layTracks, type Timeline } from '@earshot/storage';
import { createScratchFolder } from '@earshot/transcription';
import { unlessErased } from '../finishing/erasure.ts';
import { finishSession } from '../finishing/finish.ts';
import type { WorkerParts } from '../parts.ts';
import { announceReady } from './ready.ts';
import { readRecordingState } from './recording-state.ts';
import { expiryOf, sidecarOf } from './sidecar.ts';
import { type TrackFile, writeTrackFiles } from './track-files.ts';

export interface RenderOptions {
  /** For tenants without a rule of their own; 0 keeps recordings for ever. */
  readonly keepRecordingDays: number;
  /** Where the files are written before they are stored; the system's temporary folder when absent. */
  readonly spoolFolder?: string | undefined;
}

/** A call's account may come this long behind the end of its session, ms. */
const LATE_ACCOUNT_MS = 10_000;
const ACCOUNT_WAIT_MS = 1000;
const LEGS: readonly TrackName[] = ['inbound', 'outbound'];

/**
 * Makes the recordings of an ended call, once: files first, then the sidecar that makes them exist, then the news. Of
 * recordings and transcript the one that comes second finishes the session.
 */
export function createRenderRecording(
  parts: WorkerParts,
  options: RenderOptions,
): Handler<RenderRecordingJob> {
  const { archive } = parts;
  return (job, context) =>
    unlessErased(archive, job, async () => {
      const known = await readRecordingState(parts, await archive.readSession(job));
      const sidecar =
        known.state === 'due'
          ? await render(parts, { ...known, ...options }, context)
          : known.state === 'ready'
            ? known.sidecar
            : null;
      const transcript = await archive.readTranscript(job);
      if (transcript !== null) await finishSession(parts, transcript);
      else if (sidecar !== null) await announceReady(parts, job.tenant, sidecar);
    });
}

interface Material extends RenderOptions {
  readonly call: SessionCall;
  readonly manifest: Manifest;
}

async function render(
  parts: WorkerParts,
  material: Material,
  context: JobContext,
): Promise<RecordingSidecar | null> {
  const { store, callArchive, now } = parts;
  const { call, manifest, spoolFolder } = material;
  const timeline = timelineOf(manifest);
  const ended = await accountOf(parts, material, context);
  const policy = await parts.archive.readPolicy(manifest.tenant);
  const scratch = await createScratchFolder(spoolFolder);
  try {
    const files = await writeTrackFiles(store, timeline, { folder: scratch.path, signal: context.signal });
    await storeFiles(parts, manifest, files);
    const sidecar = sidecarOf({
      call,
      manifest,
      ended,
      files,
      samples: timeline.samples,
      createdAt: now().toISOString(),
      expiresAt: expiryOf(manifest.endedAt, policy, material.keepRecordingDays),
    });
    if ((await callArchive.createSidecar(manifest, sidecar)) === 'created') return sidecar;
  } finally {
    await scratch.remove();
  }
  return firstSidecar(parts, manifest);
}

/** Both legs, as long as the longer of them with what is known to be missing at its end. */
function timelineOf({ segments, coverage }: Manifest): Timeline {
  const timeline = layTracks(segments, LEGS);
  if (timeline.sampleRate !== LIMITS.callSampleRate) throw new GiveUp('the call has another sample rate');
  const ends = coverage.filter(({ track }) => LEGS.includes(track)).map((one) => one.receivedSamples);
  return { ...timeline, samples: Math.max(timeline.samples, ...ends) };
}

/** What the process that carried the call has counted; waited for a moment, since it may just be written. */
async function accountOf(
  { callArchive, now }: WorkerParts,
  { call, manifest }: Material,
  context: JobContext,
): Promise<CallEndedRecord | null> {
  const ended = await callArchive.readEnded(manifest.tenant, call.callId);
  const ageMs = now().getTime() - Date.parse(manifest.endedAt);
  if (ended === null && ageMs < LATE_ACCOUNT_MS && context.mayPostpone) {
    throw new RetryLater(ACCOUNT_WAIT_MS, 'the call has no account yet');
  }
  return ended;
}

/** The same bytes whoever renders them, so overwriting does no harm. */
async function storeFiles(
  { store }: WorkerParts,
  manifest: Manifest,
  files: readonly TrackFile[],
): Promise<void> {
  for (const { kind, path, bytes, sha256 } of files) {
    const options = { bytes, sha256, contentType: 'audio/wav' };
    await store.putFile(callKeys.recording(manifest, kind), path, options);
  }
}

/** Somebody was first; if the recordings were removed since, then what we wrote late goes too. */
async function firstSidecar(
  { store, callArchive }: WorkerParts,
  manifest: Manifest,
): Promise<RecordingSidecar | null> {
  const first = await callArchive.readSidecar(manifest);
  if (first === null || (await callArchive.readRecordingsRemoved(manifest)) === null) return first;
  await store.remove(first.files.map((file) => file.key));
  return null;
}

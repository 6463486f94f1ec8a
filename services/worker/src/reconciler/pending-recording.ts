import type { PendingMarker } from '@earshot/protocol';
import type { WorkerParts } from '../parts.ts';
import { readRecordingState } from '../recordings/recording-state.ts';

/** What the recordings of a pending session wait for; `settled`: for nothing, they are there or never will be. */
export type RecordingRepair = 'settled' | 'given_up' | 'waiting' | 'queued';

/** Work that failed is left alone this long before it is queued again, ms. */
const REST_MS = 60_000;
/** Rounds of attempts after which recordings are given up; each is some minutes long. */
const MAX_ROUNDS = 3;

/** Sees to it that the recordings of an ended call are made, by what storage and queue hold; harmless at any time. */
export async function repairRecording(parts: WorkerParts, marker: PendingMarker): Promise<RecordingRepair> {
  if (marker.recording !== true) return 'settled';
  const { archive, producer, now } = parts;
  const ref = { tenant: marker.tenant, sessionId: marker.sessionId };
  const { state } = await readRecordingState(parts, await archive.readSession(ref));
  if (state !== 'due') return 'settled';
  if ((marker.failedRenders ?? 0) >= MAX_ROUNDS) return 'given_up';
  const work = await producer.recordingWork(ref);
  if (work.state === 'unfinished') return 'waiting';
  if (work.state === 'failed') {
    if (now().getTime() - work.endedAtMs < REST_MS) return 'waiting';
    if (await countFailedRender(parts, marker)) return 'given_up';
  }
  await producer.renderRecording(ref);
  return 'queued';
}

/** Counts one more round in which every attempt failed; true when it was the last that there is. */
async function countFailedRender({ archive, log }: WorkerParts, marker: PendingMarker): Promise<boolean> {
  const failedRenders = (marker.failedRenders ?? 0) + 1;
  await archive.writePending({ ...marker, failedRenders });
  if (failedRenders < MAX_ROUNDS) return false;
  log.error({ session: marker.sessionId }, 'the recordings of a call were given up; its segments are kept');
  return true;
}

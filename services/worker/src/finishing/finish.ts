import { type SessionRef, sessionEvent, type Transcript } from '@earshot/protocol';
import type { WorkerParts } from '../parts.ts';
import { announceReady } from '../recordings/ready.ts';
import { readRecordingState } from '../recordings/recording-state.ts';
import { type AnnouncingParts, announce } from './announcement.ts';

type FinishParts = AnnouncingParts & Pick<WorkerParts, 'index' | 'callArchive'>;

/**
 * What follows a stored transcript: the index learns the status, the events are told, and only then the pending
 * marker goes. Every step may be repeated, so a crash between them is made good by doing all of it again. False when
 * the marker stays, since recordings are still to be made; `recordingsGivenUp` waits for none.
 */
export async function finishSession(
  parts: FinishParts,
  transcript: Transcript,
  { recordingsGivenUp = false }: { readonly recordingsGivenUp?: boolean } = {},
): Promise<boolean> {
  const { archive, index } = parts;
  const ref: SessionRef = { tenant: transcript.tenant, sessionId: transcript.sessionId };
  const { status, completedAt } = transcript;
  await index.finish(ref, { status, completedAt });
  const session = await archive.readSession(ref);
  const news = { ref, event: `session.${status}` as const, occurredAt: completedAt, call: session?.call };
  await announce(parts, ref.tenant, [sessionEvent(news)]);
  const recordings = await readRecordingState(parts, session);
  if (recordings.state === 'ready') await announceReady(parts, ref.tenant, recordings.sidecar);
  if (recordings.state === 'due' && !recordingsGivenUp) return false;
  await archive.removePending(ref);
  return true;
}

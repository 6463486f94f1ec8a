import type { TrackStanding } from '@earshot/intake';
import { EarshotError, type SessionRef } from '@earshot/protocol';
import type { EdgeContext } from '../edge-context.ts';
import { findTarget, type Target } from '../target.ts';

/** Rate of a stream that has not begun, samples per second. */
const DEFAULT_RATE = 16_000;
/** Where the only track of a stream stands. */
export interface UploadState {
  /** Bytes of PCM16 that are durable: where the next body begins. */
  readonly offset: number;
  readonly sampleRate: number;
  /** Bytes of PCM16 that one session may have. */
  readonly maxBytes: number;
  /** The session has ended and takes no more. */
  readonly complete: boolean;
}

/** Where a stream stands; rejects with `stream_conflict` when it has several tracks, which no body can feed. */
export async function uploadState(context: EdgeContext, target: Target): Promise<UploadState> {
  const ref = await findTarget(context, target);
  const { document, ending, status } = await context.sessions.load(ref);
  if (document.request.upload_type !== 'stream') {
    throw new EarshotError('invalid_request', {
      message: 'This session takes uploaded files, not a stream.',
    });
  }
  const complete = ending || (status !== 'created' && status !== 'recording');
  const track = onlyTrack(complete ? await storedStanding(context, ref) : await context.host.standing(ref));
  const { durable, sampleRate } = track;
  return { offset: durable * 2, sampleRate, maxBytes: context.limits.maxStreamBytes, complete };
}

/** Where an ended session stands: all of it is in the object store. */
async function storedStanding(context: EdgeContext, ref: SessionRef): Promise<TrackStanding[]> {
  const { tracks } = await context.sessions.standing(ref);
  return tracks.map(({ track, sampleRate, nextSample }) => ({
    track,
    sampleRate,
    received: nextSample,
    durable: nextSample,
    archived: nextSample,
  }));
}

/** The track that bodies feed. */
export function onlyTrack(
  standing: readonly TrackStanding[],
): Pick<TrackStanding, 'received' | 'durable' | 'sampleRate'> {
  const [track, ...others] = standing;
  if (track === undefined) return { received: 0, durable: 0, sampleRate: DEFAULT_RATE };
  if (track.track === 'main' && others.length === 0) return track;
  throw new EarshotError('stream_conflict', {
    message: 'A stream of several tracks is fed over a socket only.',
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { TrackStanding } from '@earshot/intake';
import { EarshotError } from '@earshot/protocol';
import type { EdgeContext } from '../edge-context.ts';
import { findTarget, type Target } from '../target.ts';

/** Rate of a stream that has not begun, samples per second. */
const DEFAULT_RATE = 16_000;
/** What an earlier body left is durable within a few commits; a sender that is still at it is not waited for. */
const LOOKS = 20;
const LOOK_MS = 10;

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
  let track = onlyTrack(await context.host.standing(ref));
  for (let look = 1; look < LOOKS && track.durable < track.received; look += 1) {
    await sleep(LOOK_MS);
    track = onlyTrack(await context.host.standing(ref));
  }
  const { durable, sampleRate } = track;
  const complete = ending || (status !== 'created' && status !== 'recording');
  return { offset: durable * 2, sampleRate, maxBytes: context.limits.maxStreamBytes, complete };
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

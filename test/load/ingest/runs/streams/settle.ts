import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetGroup } from '../../generator/fleet.ts';

const PATIENCE_MS = 8000;
const POLL_MS = 100;

/** What of the frames that were sent never arrived, and what of them no durable ack covered, after some patience. */
export interface Losses {
  readonly sentFrames: number;
  readonly droppedFrames: number;
  /** Undefined where the wire has no acks. */
  readonly unackedFrames: number | undefined;
  readonly closedStreams: number;
}

/** Counts when everything is there, or when it does not come any more. `receivedBefore`: bytes of others. */
export async function countLosses(
  group: FleetGroup,
  { receivedBefore, acked }: { readonly receivedBefore: number; readonly acked: boolean },
): Promise<Losses> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const { frames, bytes, unackedFrames, streams, open } = await group.totals();
    const missing = bytes - ((await group.target.receivedBytes()) - receivedBefore);
    if ((missing === 0 && (!acked || unackedFrames === 0)) || performance.now() > until) {
      return {
        sentFrames: frames,
        droppedFrames: Math.ceil(missing / (bytes / Math.max(1, frames))),
        unackedFrames: acked ? unackedFrames : undefined,
        closedStreams: streams - open,
      };
    }
    await sleep(POLL_MS);
  }
}

import type { SessionRef } from '@earshot/protocol';
import type { SessionRow } from '../../core/machine.ts';
import type { StreamLease } from '../../ports.ts';
import type { SessionsContext } from '../context.ts';

/** What is known of a session's newest connection once End has waited for it. */
export interface Tail {
  /** 0 when no connection ever fed the session. */
  readonly epoch: number;
  /** Its record is stored, so nothing more can come. */
  readonly complete: boolean;
}

/** Asks the owner of a live stream to flush and close, and waits for its record as long as End may. */
export async function awaitTail(context: SessionsContext, ref: SessionRef, row: SessionRow): Promise<Tail> {
  const { index, settings, now } = context;
  if (row.document.request.upload_type !== 'stream') return { epoch: 0, complete: true };
  const deadline = now().getTime() + settings.endTailWaitMs;
  const quietUntil = Math.min(deadline, leasesKnownAt(context, row));
  let told = 0;
  let live = await index.liveStream(ref);
  let epoch = Math.max(row.epoch, live?.epoch ?? 0);
  for (;;) {
    if (live !== null && live.epoch > told) {
      await tellOwner(context, ref, live);
      told = live.epoch;
    }
    const left = (live === null ? quietUntil : deadline) - now().getTime();
    if (left <= 0) break;
    await index.waitForChange(ref, Math.min(left, 250), new AbortController().signal);
    live = await index.liveStream(ref);
    epoch = Math.max(epoch, live?.epoch ?? 0);
  }
  return { epoch, complete: await isRecorded(context, ref, epoch) };
}

/**
 * When the leases of a session can be trusted, wall clock in ms. Owners renew several times in a lease's life, so
 * half a life after a rebuild each live one shows again.
 */
export function leasesKnownAt({ settings }: SessionsContext, row: SessionRow): number {
  if (row.rebuiltAt === null || row.document.request.upload_type !== 'stream') return 0;
  return Date.parse(row.rebuiltAt) + settings.leaseMs / 2;
}

/** Tells the owner of a stream that its session has ended. */
export async function tellOwner(context: SessionsContext, ref: SessionRef, live: StreamLease): Promise<void> {
  await context.index.notifyStream({ ref, reason: 'end', epoch: live.epoch }, live);
}

/** True when a stream record of this connection, or of a newer one, is stored. */
export async function isRecorded(context: SessionsContext, ref: SessionRef, epoch: number): Promise<boolean> {
  if (epoch === 0) return true;
  return (await context.truth.readStreams(ref)).some((record) => record.epoch >= epoch);
}

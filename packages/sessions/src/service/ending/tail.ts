import type { SessionRef } from '@earshot/protocol';
import type { SessionRow } from '../../core/machine.ts';
import type { StreamLease } from '../../ports.ts';
import { openClaims } from '../claims.ts';
import type { SessionsContext } from '../context.ts';

/** What is known of a session's connections once End has waited for them. */
export interface Tail {
  /** The newest epoch known; 0 when no connection ever fed the session. */
  readonly epoch: number;
  /** Every connection is on record, so nothing more can come. */
  readonly complete: boolean;
}

/** Asks the owners of a session's audio to store and record it, and waits for that as long as End may. */
export async function awaitTail(context: SessionsContext, ref: SessionRef, row: SessionRow): Promise<Tail> {
  const { index, settings, elapsedMs } = context;
  if (row.document.request.upload_type !== 'stream') return { epoch: 0, complete: true };
  const deadline = elapsedMs() + settings.endTailWaitMs;
  const told = new Set<number>();
  for (;;) {
    const open = await openClaims(context, ref);
    if (open.length === 0) return { epoch: row.epoch, complete: true };
    const untold = open.filter(({ epoch }) => !told.has(epoch));
    await tellOwners(context, ref, untold);
    for (const { epoch } of untold) told.add(epoch);
    const left = deadline - elapsedMs();
    if (left <= 0) return { epoch: Math.max(row.epoch, ...open.map(({ epoch }) => epoch)), complete: false };
    await index.waitForChange(ref, Math.min(left, 250), new AbortController().signal);
  }
}

/**
 * When the leases of a session can be trusted, wall clock in ms. Owners renew several times in a lease's life, so
 * half a life after a rebuild each live one shows again.
 */
export function leasesKnownAt({ settings }: SessionsContext, row: SessionRow): number {
  if (row.rebuiltAt === null || row.document.request.upload_type !== 'stream') return 0;
  return Date.parse(row.rebuiltAt) + settings.leaseMs / 2;
}

/** Tells nodes that a session has ended whose audio they may hold. */
export async function tellOwners(
  context: SessionsContext,
  ref: SessionRef,
  owners: readonly StreamLease[],
): Promise<void> {
  for (const { node, epoch } of owners) {
    await context.index.notifyStream({ ref, reason: 'end', epoch }, { node, epoch });
  }
}

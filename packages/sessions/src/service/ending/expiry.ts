import type { SessionRef } from '@earshot/protocol';
import type { SessionRow } from '../../core/machine.ts';
import { announce, type SessionsContext } from '../context.ts';
import { rebuild } from '../load.ts';
import { extendExpiry } from '../streams.ts';
import { endSession } from './end.ts';
import { leasesKnownAt } from './tail.ts';

const BATCH = 100;

/**
 * Judges a session whose time is up: a live stream extends it, an End that broke off is carried through,
 * everything else expires. Returns the row as it is afterwards.
 */
export async function expireIfDue(context: SessionsContext, row: SessionRow): Promise<SessionRow> {
  const ref: SessionRef = { tenant: row.document.tenant, sessionId: row.document.sessionId };
  const open = row.status === 'created' || row.status === 'recording';
  if (!open || Date.parse(row.document.expiresAt) > context.now().getTime()) return row;
  // An index that was emptied knows the living again only when they have renewed their leases.
  if (context.now().getTime() < leasesKnownAt(context, row)) return row;
  if ((await context.index.liveStream(ref)) !== null) {
    await extendExpiry(context, ref);
    return row;
  }
  if (row.ending) {
    await endSession(context, ref, {});
    return (await context.index.read(ref)) ?? row;
  }
  const noticed = await noticeEnd(context, row);
  if (noticed !== row) return noticed;
  const at = context.now().toISOString();
  await context.truth.createExpired(ref, { v: 1, expiredAt: at });
  const change = await context.index.apply(ref, { type: 'expired', at });
  if (change === null) return row;
  await announce(context, ref, change.announce);
  return change.row;
}

/** The row of a session that its manifest says has ended: an index that was rolled back has forgotten that. */
export async function noticeEnd(context: SessionsContext, row: SessionRow): Promise<SessionRow> {
  if (row.status !== 'created' && row.status !== 'recording') return row;
  const ref: SessionRef = { tenant: row.document.tenant, sessionId: row.document.sessionId };
  const manifest = await context.truth.readManifest(ref);
  if (manifest === null) return row;
  const change = await context.index.apply(ref, { type: 'ended', at: manifest.endedAt });
  return change?.row ?? { ...row, status: 'processing', ending: true, endedAt: manifest.endedAt };
}

/** One pass of the expiry timer. */
export async function sweepExpired(context: SessionsContext): Promise<void> {
  for (const ref of await context.index.dueForExpiry(context.now().getTime(), BATCH)) {
    const row = await context.index.read(ref);
    if (row === null) await context.index.remove(ref);
    else await expireIfDue(context, row);
  }
}

/**
 * Fills an index that was emptied from the object store. Rows appear as they are read; sessions that are
 * asked for meanwhile are rebuilt on the spot.
 */
export async function primeIndex(context: SessionsContext, signal: AbortSignal): Promise<number> {
  if (await context.index.isComplete()) return 0;
  let restored = 0;
  for (const tenant of await context.truth.listTenants()) {
    for await (const sessionId of context.truth.listSessions(tenant)) {
      if (signal.aborted) return restored;
      const ref = { tenant, sessionId };
      if ((await context.index.read(ref)) !== null) continue;
      const rebuilt = await rebuild(context, ref);
      if (rebuilt === null) continue;
      await context.index.restore(rebuilt.row, rebuilt.contents);
      restored++;
    }
  }
  await context.index.markComplete();
  return restored;
}

import { EarshotError, LIMITS, type SessionRef } from '@earshot/protocol';
import type { SessionRow } from '../../core/machine.ts';
import type { StreamLease } from '../../ports.ts';
import { openClaims } from '../claims.ts';
import type { SessionsContext } from '../context.ts';
import { loadRow } from '../load.ts';
import { closeSession } from './closing.ts';
import { draftManifest } from './draft.ts';
import { type DecidedMarker, isDecided, noteEnded } from './end.ts';
import { tellOwners } from './tail.ts';

/** Carries through what End has answered but could not finish. */
export interface EndCarrier {
  /** One look at every pending session; resolves to the number that were finished here. */
  pass(signal: AbortSignal): Promise<number>;
}

type Outcome = 'waiting' | 'settled' | 'finished';

/** Sessions looked at side by side. */
const PARALLEL = 8;

/** A carrier of one node. Any number of nodes may carry the same End: the manifest is written once. */
export function createEndCarrier(context: SessionsContext): EndCarrier {
  /** Sessions whose manifest exists: nothing is left to do for them here. */
  const settled = new Set<string>();
  /** Since when no node holds a session's stream, as seen from here; ms of `elapsedMs`. */
  const unowned = new Map<string, number>();

  async function look(ref: SessionRef, name: string): Promise<Outcome> {
    try {
      return await carry(context, ref, (live) => {
        const nowMs = context.elapsedMs();
        const since = live === null ? (unowned.get(name) ?? nowMs) : undefined;
        if (since === undefined) unowned.delete(name);
        else unowned.set(name, since);
        return nowMs - (since ?? nowMs);
      });
    } catch (error) {
      context.warn('an End could not be carried through; the next pass tries again', {
        sessionId: ref.sessionId,
        error,
      });
      return 'waiting';
    }
  }

  return {
    async pass(signal) {
      const seen = new Set<string>();
      let finished = 0;
      const refs = context.truth.listPendingRefs()[Symbol.asyncIterator]();
      const lane = async (): Promise<void> => {
        for (let next = await refs.next(); next.done !== true; next = await refs.next()) {
          if (signal.aborted) return;
          const name = `${next.value.tenant}/${next.value.sessionId}`;
          seen.add(name);
          if (settled.has(name)) continue;
          const outcome = await look(next.value, name);
          if (outcome !== 'waiting') settled.add(name);
          if (outcome === 'finished') finished += 1;
        }
      };
      await Promise.all(Array.from({ length: PARALLEL }, lane));
      for (const known of [settled, unowned]) {
        for (const name of known.keys()) if (!seen.has(name)) known.delete(name);
      }
      return finished;
    },
  };
}

/** `ownerless` notes who holds the stream and tells how long nobody has, ms. */
async function carry(
  context: SessionsContext,
  ref: SessionRef,
  ownerless: (live: StreamLease | null) => number,
): Promise<Outcome> {
  const { truth, index } = context;
  const marker = await truth.readPending(ref);
  if (marker === null || (await truth.readManifest(ref)) !== null) return 'settled';
  if (!isDecided(marker)) return 'waiting';
  const row = await rowOrNull(context, ref);
  if (row === null) {
    await truth.removePending(ref);
    return 'settled';
  }
  await noteEnded(context, marker);
  const live = row.document.request.upload_type === 'stream' ? await index.liveStream(ref) : null;
  const ownerlessMs = ownerless(live);
  const open = await openClaims(context, ref);
  const complete = open.length === 0;
  await tellOwners(context, ref, open);
  if (!complete && !isTooLate(context, marker, { live, ownerlessMs })) return 'waiting';
  const { request, answer } = marker.intent;
  const end = { request, interrupted: !complete, at: marker.since };
  const { manifest, streams } = await draftManifest(context, row, end);
  await closeSession(context, { manifest: { ...manifest, answer }, streams });
  return 'finished';
}

/** Null when the session was erased, or never was. */
async function rowOrNull(context: SessionsContext, ref: SessionRef): Promise<SessionRow | null> {
  if ((await context.truth.readErased(ref)) !== null) return null;
  try {
    return await loadRow(context, ref);
  } catch (error) {
    if (error instanceof EarshotError && error.code === 'session_not_found') return null;
    throw error;
  }
}

/**
 * An owner that is gone gets until `giveUpAt` to come back, and no lease may have shown for a lease's life: an
 * emptied index forgets the living too. An owner that is there has the audio and only waits for the object store.
 */
function isTooLate(
  { now, settings }: SessionsContext,
  marker: DecidedMarker,
  { live, ownerlessMs }: { readonly live: StreamLease | null; readonly ownerlessMs: number },
): boolean {
  const nowMs = now().getTime();
  if (live !== null) return nowMs >= Date.parse(marker.since) + LIMITS.liveTailWaitSeconds * 1000;
  const waitMs = (settings.recoveryWaitSeconds ?? LIMITS.recoveryWaitSeconds) * 1000;
  // The time of the marker is by another node's clock, which may have been wrong: a whole wait seen here will do.
  const isDue =
    nowMs >= Date.parse(marker.intent.giveUpAt) && ownerlessMs >= Math.min(settings.leaseMs, waitMs);
  return isDue || ownerlessMs >= waitMs + settings.leaseMs;
}

import {
  EarshotError,
  type EndAnswer,
  type EndIntent,
  type EndSessionRequest,
  LIMITS,
  type PendingMarker,
  type SessionRef,
} from '@earshot/protocol';
import { openClaims } from '../claims.ts';
import { announce, type SessionsContext } from '../context.ts';
import { loadRow } from '../load.ts';
import { closeSession, settle } from './closing.ts';
import { draftManifest } from './draft.ts';
import { awaitTail } from './tail.ts';

/** A marker that says what End has answered. */
export type DecidedMarker = PendingMarker & { readonly intent: EndIntent };

/**
 * Ends a session: no more audio, the tail of a live stream awaited, the answer stored, the manifest written, the
 * work queued. When the tail does not come in time the answer stands all the same, and `carryEnds` of any node
 * does the rest. Repeats, on any node, give the stored answer again. Errors: `session_not_found`, `session_expired`.
 */
export async function endSession(
  context: SessionsContext,
  ref: SessionRef,
  request: EndSessionRequest,
): Promise<EndAnswer> {
  const row = await loadRow(context, ref);
  const [stored, pending] = await Promise.all([
    context.truth.readManifest(ref),
    context.truth.readPending(ref),
  ]);
  if (stored !== null) {
    if (row.endedAt === null) await settle(context, stored);
    return stored.answer;
  }
  if (isDecided(pending)) return answered(context, pending);
  if (row.status === 'expired') {
    throw new EarshotError('session_expired', {
      details: { session_id: ref.sessionId, expired_at: row.expiredAt },
    });
  }
  const change = await context.index.apply(ref, { type: 'ending' });
  const tail = await awaitTail(context, ref, change?.row ?? row);
  const at = context.now().toISOString();
  const { manifest, streams } = await draftManifest(context, row, { request, interrupted: false, at });
  const marker = await decide(context, {
    v: 1,
    ...ref,
    since: at,
    ...(row.document.call?.record === true ? { recording: true as const } : {}),
    intent: { request, answer: manifest.answer, epoch: tail.epoch, giveUpAt: giveUpAt(context) },
  });
  // A connection that was let in before the answer was stored shows its claim now; later ones see the answer.
  const complete = tail.complete && (await openClaims(context, ref)).length === 0;
  if (!complete) return answered(context, marker);
  const final = { ...manifest, endedAt: marker.since, answer: marker.intent.answer };
  return (await closeSession(context, { manifest: final, streams })).answer;
}

export function isDecided(marker: PendingMarker | null): marker is DecidedMarker {
  return marker?.intent !== undefined;
}

/** The one place where it is settled what End answers: of many markers on any nodes the first counts for all. */
async function decide(context: SessionsContext, marker: DecidedMarker): Promise<DecidedMarker> {
  if ((await context.truth.createPending(marker)) === 'created') return marker;
  const first = await context.truth.readPending(marker);
  if (isDecided(first)) return first;
  // Written before intents were kept, or damaged: it holds nothing that could be lost.
  await context.truth.writePending(marker);
  return marker;
}

function giveUpAt({ now, settings }: SessionsContext): string {
  const waitSeconds = settings.recoveryWaitSeconds ?? LIMITS.recoveryWaitSeconds;
  return new Date(now().getTime() + waitSeconds * 1000).toISOString();
}

async function answered(context: SessionsContext, marker: DecidedMarker): Promise<EndAnswer> {
  await noteEnded(context, marker);
  return marker.intent.answer;
}

/** Makes the index show a session as ended whose manifest is still to come; the marker holds when that fails. */
export async function noteEnded(context: SessionsContext, marker: DecidedMarker): Promise<void> {
  const ref = { tenant: marker.tenant, sessionId: marker.sessionId };
  try {
    const change = await context.index.apply(ref, { type: 'ended', at: marker.since });
    if (change !== null) await announce(context, ref, change.announce);
  } catch (error) {
    context.warn('an ended session could not be marked in the index', { sessionId: ref.sessionId, error });
  }
}

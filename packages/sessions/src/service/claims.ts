import { EarshotError, type SessionRef, type StreamClaim } from '@earshot/protocol';
import { unrecorded } from '../core/claims.ts';
import { refuseUnlessOpen, type Transition } from '../core/machine.ts';
import type { SessionTruth, StreamLease } from '../ports.ts';
import type { SessionsContext } from './context.ts';
import { loadRow, notFound } from './load.ts';

/** How often a claim looks again whether the older owner has let go, ms. */
const LOOK_MS = 250;
/** A node without a lease that is there answers within this, ms. */
const FORGOTTEN_WAIT_MS = 1500;
/** Epochs that an index which was rolled back may offer again. */
const MAX_TAKEN = 1000;

export interface Claim {
  readonly node: string;
  /** Epochs that the node itself has seen: an index that was emptied may have forgotten them. */
  readonly above: number;
  /** How long another node may take to store the tail of its connection, ms; then it is taken for dead. */
  readonly patienceMs: number;
  /** The node feeds the session already: a store that is away does not keep a connection out. */
  readonly resuming: boolean;
  /** Told of a claim that came to nothing and could not be taken back, since the store was away. */
  readonly left?: (claim: StreamClaim) => void;
}

/** The next epoch and the lease for it; the claim is stored before, so that no epoch is ever given twice. */
export async function takeEpoch(
  context: SessionsContext,
  ref: SessionRef,
  claim: Claim,
): Promise<{ readonly epoch: number; readonly announce: Transition['announce'] }> {
  const held = await context.index.liveStream(ref);
  // A node that feeds the session knows its newest epoch; another one asks the claims, which no rollback undoes.
  const claimed = claim.resuming ? [] : await context.truth.listClaims(ref);
  let above = Math.max(claim.above, held?.epoch ?? 0, ...claimed.slice(-1));
  for (let tries = 0; tries < MAX_TAKEN; tries += 1) {
    const change = await context.index.apply(ref, { type: 'stream', above });
    if (change === null) {
      // The index was emptied since it was asked last; the store knows whether there is such a session.
      await loadRow(context, ref);
      continue;
    }
    const { epoch } = change.row;
    const document = { v: 1 as const, epoch, node: claim.node, claimedAt: context.now().toISOString() };
    if (await storeClaim(context, ref, { claim, document })) {
      const lease = { node: claim.node, epoch };
      if (await takeLease(context, ref, { lease, claim })) return { epoch, announce: change.announce };
      // A claim of a node that resumes is accounted for by its record, and may not have been stored.
      if (!claim.resuming) await takeBack(context, ref, { claim, document });
    }
    above = epoch;
  }
  throw new EarshotError('service_unavailable');
}

/** False when the epoch was given before, by an index that has forgotten it. */
async function storeClaim(
  context: SessionsContext,
  ref: SessionRef,
  { claim, document }: { claim: Claim; document: StreamClaim },
): Promise<boolean> {
  try {
    if ((await context.truth.createClaim(ref, document)) === 'exists') return false;
    await refuseEnded(context, ref);
    return true;
  } catch (error) {
    if (!claim.resuming || !isOutage(error)) {
      // What keeps the connection out is said first; whatever is left is another matter.
      await takeBack(context, ref, { claim, document }).catch(() => undefined);
      throw error;
    }
    context.warn('the claim of a connection could not be stored', { sessionId: ref.sessionId, error });
    return true;
  }
}

async function takeBack(
  { truth }: SessionsContext,
  ref: SessionRef,
  { claim, document }: { claim: Claim; document: StreamClaim },
): Promise<void> {
  try {
    await truth.removeClaims(ref, [document.epoch]);
  } catch (error) {
    claim.left?.(document);
    throw error;
  }
}

function isOutage(error: unknown): boolean {
  return !(error instanceof EarshotError) || error.retryable;
}

/** End stores its intent before it looks for claims, and a claim is stored before it looks for the intent. */
async function refuseEnded(context: SessionsContext, ref: SessionRef): Promise<void> {
  const { truth } = context;
  const [manifest, pending, erased] = await Promise.all([
    truth.readManifest(ref),
    truth.readPending(ref),
    truth.readErased(ref),
  ]);
  if (erased !== null) throw notFound(ref);
  const row = await loadRow(context, ref);
  if (manifest === null && pending?.intent === undefined && !row.ending) return;
  refuseUnlessOpen(row);
  throw new EarshotError('session_ended', { details: { session_id: ref.sessionId } });
}

/**
 * Takes the lease when nobody else adds to the session any more. That another's lease is gone proves nothing, at whatever
 * moment, since the index may have been emptied: the record of its owner does. False when another node has the lease by
 * the same epoch: it resumed while the store was away, and an index that was emptied gave the epoch again.
 */
async function takeLease(
  context: SessionsContext,
  ref: SessionRef,
  { lease, claim }: { lease: StreamLease; claim: Claim },
): Promise<boolean> {
  const { index, settings, elapsedMs } = context;
  const deadline = elapsedMs() + claim.patienceMs;
  const told = new Set<string>();
  let forgottenUntil: number | undefined;
  let before: Others | undefined;
  for (;;) {
    const others = await othersOf(context, ref, { lease, claim, before });
    if (others === null) return false;
    await tellToGo(context, ref, { lease, others, told });
    before = others;
    const nowMs = elapsedMs();
    let until = nowMs;
    if (others.owner !== null) until = deadline;
    else if (others.forgotten.length > 0) {
      forgottenUntil ??= Math.min(deadline, nowMs + FORGOTTEN_WAIT_MS);
      until = forgottenUntil;
    }
    const left = until - nowMs;
    if (left > 0) await index.waitForChange(ref, Math.min(left, LOOK_MS), new AbortController().signal);
    else if (await index.holdStream(ref, lease, settings.leaseMs)) return true;
  }
}

/** Who else may still add to a session. */
interface Others {
  /** Has the lease, and as long to store its tail as the claim is patient. */
  readonly owner: StreamLease | null;
  /** Have a claim and no lease, since the index was emptied; one that is there records its part at once. */
  readonly forgotten: readonly StreamLease[];
}

/** Null when another node has the lease by the same epoch. */
async function othersOf(
  context: SessionsContext,
  ref: SessionRef,
  { lease, claim, before }: { lease: StreamLease; claim: Claim; before: Others | undefined },
): Promise<Others | null> {
  const held = await context.index.liveStream(ref);
  if (held !== null && held.epoch > lease.epoch) throw new EarshotError('stream_superseded');
  const owner = held?.node === lease.node ? null : held;
  if (owner?.epoch === lease.epoch) return null;
  if (claim.resuming) return { owner, forgotten: [] };
  // An owner is waited for in any case: the claims are read again when there is none.
  if (owner !== null && before !== undefined) return { owner, forgotten: before.forgotten };
  const forgotten = (await openClaims(context, ref)).filter(
    ({ node, epoch }) => node !== lease.node && node !== owner?.node && epoch < lease.epoch,
  );
  return { owner, forgotten };
}

/** Tells each of them once that a newer connection feeds the session. */
async function tellToGo(
  { index }: SessionsContext,
  ref: SessionRef,
  { lease, others, told }: { lease: StreamLease; others: Others; told: Set<string> },
): Promise<void> {
  const { owner, forgotten } = others;
  // The connection of one without a lease may be newer than its claim: one that resumed while the store was away has none.
  const notices = forgotten.map((other) => ({ other, epoch: lease.epoch }));
  if (owner !== null) notices.push({ other: owner, epoch: owner.epoch });
  for (const { other, epoch } of notices) {
    const name = `${other.node} ${other.epoch} ${epoch}`;
    if (told.has(name)) continue;
    told.add(name);
    await index.notifyStream({ ref, reason: 'superseded', epoch }, { node: other.node, epoch: other.epoch });
  }
}

/** Claims that no record accounts for. */
export async function openClaims(
  { truth }: { readonly truth: Pick<SessionTruth, 'listClaims' | 'readClaim' | 'readStreams'> },
  ref: SessionRef,
): Promise<StreamClaim[]> {
  const [claimed, records] = await Promise.all([truth.listClaims(ref), truth.readStreams(ref)]);
  const claims = await Promise.all(unrecorded(claimed, records).map((epoch) => truth.readClaim(ref, epoch)));
  return claims.filter((claim) => claim !== null);
}

/** True when another node was let in between two epochs, both exclusive. */
export async function claimedElsewhere(
  { truth }: { readonly truth: Pick<SessionTruth, 'listClaims' | 'readClaim'> },
  ref: SessionRef,
  { node, above, below }: { readonly node: string; readonly above: number; readonly below: number },
): Promise<boolean> {
  const between = (await truth.listClaims(ref)).filter((epoch) => epoch > above && epoch < below);
  const claims = await Promise.all(between.map((epoch) => truth.readClaim(ref, epoch)));
  return claims.some((claim) => claim !== null && claim.node !== node);
}

/**
 * A node says that it holds nothing of its claims up to an epoch: connections that never came about. What it left of
 * a session that was erased meanwhile goes too.
 */
export async function disclaim(context: SessionsContext, ref: SessionRef, owner: StreamLease): Promise<void> {
  const { truth, index } = context;
  if ((await truth.readErased(ref)) !== null) {
    await truth.eraseSession(ref);
    return;
  }
  const open = await openClaims(context, ref);
  const own = open.filter(({ node, epoch }) => node === owner.node && epoch <= owner.epoch);
  if (own.length > 0)
    await truth.removeClaims(
      ref,
      own.map(({ epoch }) => epoch),
    );
  const held = await index.liveStream(ref);
  if (held !== null && held.node === owner.node && held.epoch <= owner.epoch)
    await index.releaseStream(ref, held);
  else await index.changed(ref);
}

/**
 * Takes a claim that was left behind an erasure away, and no other: a connection on its way in still has to learn of the
 * erasure by its own. Of a session that is there End asks for every claim, so that it stays.
 */
export async function retractClaim(
  { truth }: SessionsContext,
  ref: SessionRef,
  claim: StreamClaim,
): Promise<void> {
  if ((await truth.readErased(ref)) === null) return;
  const stored = await truth.readClaim(ref, claim.epoch);
  const isSame = stored?.node === claim.node && stored.claimedAt === claim.claimedAt;
  if (isSame) await truth.removeClaims(ref, [claim.epoch]);
}

import type {
  EndAnswer,
  EndSessionRequest,
  EraseSessionResponse,
  PatchSessionRequest,
  SegmentEntry,
  SessionDocument,
  SessionRef,
  StreamClaim,
  StreamRecord,
  UploadReceipt,
} from '@earshot/protocol';
import type { SessionRow } from '../core/machine.ts';
import type { StreamLease } from '../ports.ts';
import { patchSession } from './change.ts';
import { type Claim, claimedElsewhere, disclaim, openClaims, retractClaim } from './claims.ts';
import type { SessionsContext } from './context.ts';
import { type Creation, type Creator, createSession } from './create.ts';
import { createEndCarrier } from './ending/carry.ts';
import { endSession } from './ending/end.ts';
import { eraseSession } from './ending/erase.ts';
import { expireIfDue, primeIndex, sweepExpired } from './ending/expiry.ts';
import { loadRow } from './load.ts';
import { readSnapshot, type SessionSnapshot } from './snapshot.ts';
import {
  type ClaimedStream,
  claimStream,
  closeStream,
  createStreamFinder,
  fateOf,
  recordSegments,
  type SessionFate,
  type StoredStanding,
  standing,
} from './streams.ts';
import { admitUpload, commitUpload, findDuplicate, type UploadOutcome } from './uploads.ts';

/** The use-cases of sessions, on any node. */
export interface Sessions {
  create(creator: Creator, input: Creation): Promise<SessionDocument>;
  load(ref: SessionRef): Promise<SessionRow>;
  snapshot(ref: SessionRef): Promise<SessionSnapshot>;
  /** Resolves at the next change of a session, after `ms`, or when the signal aborts. */
  waitForChange(ref: SessionRef, ms: number, signal: AbortSignal): Promise<void>;
  list(
    tenant: string,
    page: { cursor: string | null; limit: number },
  ): Promise<{ rows: SessionRow[]; nextCursor: string | null }>;
  admitUpload(ref: SessionRef): Promise<SessionRow>;
  /** The receipt of an upload that is here already; refuses other bytes, by configuration. */
  findDuplicate(
    ref: SessionRef,
    upload: Pick<UploadReceipt, 'sequence' | 'sha256'>,
  ): Promise<UploadReceipt | null>;
  commitUpload(ref: SessionRef, receipt: UploadReceipt): Promise<UploadOutcome>;
  findStream(streamId: string): Promise<SessionRef>;
  /** Makes a node the one writer of a session; refuses closed sessions, and older claims with `stream_superseded`. */
  claimStream(ref: SessionRef, claim: Claim): Promise<ClaimedStream>;
  /** Connections that were let in and that no record accounts for. */
  openClaims(ref: SessionRef): Promise<StreamClaim[]>;
  /** True when another node was let in between two epochs, both exclusive. */
  claimedElsewhere(
    ref: SessionRef,
    range: { readonly node: string; readonly above: number; readonly below: number },
  ): Promise<boolean>;
  /** A node says that it holds nothing of a session: what it claimed up to an epoch came to nothing. */
  disclaim(ref: SessionRef, owner: StreamLease): Promise<void>;
  /** Takes one claim away that could not be taken back behind an erasure; any other stays. */
  retractClaim(ref: SessionRef, claim: StreamClaim): Promise<void>;
  standing(ref: SessionRef): Promise<StoredStanding>;
  fateOf(ref: SessionRef): Promise<SessionFate>;
  recordSegments(ref: SessionRef, entries: readonly SegmentEntry[]): Promise<void>;
  closeStream(ref: SessionRef, record: StreamRecord): Promise<void>;
  end(ref: SessionRef, request: EndSessionRequest): Promise<EndAnswer>;
  patch(ref: SessionRef, patch: PatchSessionRequest): Promise<SessionDocument>;
  /** Carries through every End that was answered and not finished; resolves to the number finished here. */
  carryEnds(signal: AbortSignal): Promise<number>;
  erase(ref: SessionRef): Promise<EraseSessionResponse>;
  sweepExpired(): Promise<void>;
  /** Rebuilds an emptied index; resolves with the number of sessions that were restored. */
  primeIndex(signal: AbortSignal): Promise<number>;
}

/** Binds the use-cases to what they need. */
export function createSessions(context: SessionsContext): Sessions {
  const carrier = createEndCarrier(context);
  return {
    create: (creator, input) => createSession(context, creator, input),
    load: (ref) => loadRow(context, ref),
    snapshot: (ref) => readSnapshot(context, ref),
    waitForChange: (ref, ms, signal) => context.index.waitForChange(ref, ms, signal),
    list: (tenant, page) => listSessions(context, tenant, page),
    admitUpload: (ref) => onTime(context, ref, () => admitUpload(context, ref)),
    findDuplicate: (ref, upload) => findDuplicate(context, ref, upload),
    commitUpload: (ref, receipt) => commitUpload(context, ref, receipt),
    findStream: createStreamFinder(context),
    claimStream: (ref, claim) => onTime(context, ref, () => claimStream(context, ref, claim)),
    openClaims: (ref) => openClaims(context, ref),
    claimedElsewhere: (ref, range) => claimedElsewhere(context, ref, range),
    disclaim: (ref, owner) => disclaim(context, ref, owner),
    retractClaim: (ref, claim) => retractClaim(context, ref, claim),
    standing: (ref) => standing(context, ref),
    fateOf: (ref) => fateOf(context, ref),
    recordSegments: (ref, entries) => recordSegments(context, ref, entries),
    closeStream: (ref, record) => closeStream(context, ref, record),
    end: (ref, request) => onTime(context, ref, () => endSession(context, ref, request)),
    patch: (ref, patch) => onTime(context, ref, () => patchSession(context, ref, patch)),
    carryEnds: (signal) => carrier.pass(signal),
    erase: (ref) => eraseSession(context, ref),
    sweepExpired: () => sweepExpired(context),
    primeIndex: (signal) => primeIndex(context, signal),
  };
}

/** A session whose time is up takes nothing more, whether or not the timer has come by. */
async function onTime<T>(context: SessionsContext, ref: SessionRef, use: () => Promise<T>): Promise<T> {
  const row = await loadRow(context, ref);
  if (!row.ending) await expireIfDue(context, row);
  return use();
}

async function listSessions(
  context: SessionsContext,
  tenant: string,
  page: { cursor: string | null; limit: number },
): Promise<{ rows: SessionRow[]; nextCursor: string | null }> {
  const { refs, nextCursor } = await context.index.list(tenant, page);
  const rows = await Promise.all(refs.map((ref) => loadRow(context, ref).catch(() => null)));
  return { rows: rows.filter((row) => row !== null), nextCursor };
}

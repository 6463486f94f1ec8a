import { createHash } from 'node:crypto';
import {
  CALL_ID,
  type CallEndedRecord,
  type CallRecord,
  type CallStatus,
  EarshotError,
} from '@earshot/protocol';
import type { Log } from '@earshot/runtime';
import type { CallIndex, CallPage } from '@earshot/sessions';
import type { CallArchive, CallPlace } from '@earshot/storage';
import type { CallName, CallView } from '../../ports.ts';

/** Life of a live call's status in the index; renewed three times as often. */
export const STATUS_LEASE_MS = 15_000;

/**
 * Every call on record. The object store says what began and what ended, create-only; the index, which may be emptied
 * at any time, lists calls and says how the live ones stand.
 */
export class CallBook {
  readonly #archive: CallArchive;
  readonly #index: CallIndex;
  readonly #log: Log;
  /** Calls that began while the index was away, by id. */
  readonly #unlisted = new Map<string, CallRecord>();

  constructor(parts: { readonly archive: CallArchive; readonly index: CallIndex; readonly log: Log }) {
    this.#archive = parts.archive;
    this.#index = parts.index;
    this.#log = parts.log;
  }

  /** Puts a call on record before anything of it happens. */
  async begin(record: CallRecord): Promise<void> {
    await this.#archive.markLive(record, { v: 1, node: record.node, lineId: record.lineId });
    if ((await this.#archive.createCall(record)) === 'exists') throw new EarshotError('internal_error');
    if (record.externalCallId !== null) await this.name(record, record.externalCallId);
    await this.enlist(record);
  }

  /** Lists a call; one that the index does not take now is listed by a later `prime`. */
  async enlist(record: CallRecord): Promise<void> {
    const added = this.#index.add(record, record.createdAt).then(() => true);
    if ((await this.#softly(added)) === true) this.#unlisted.delete(record.callId);
    else this.#unlisted.set(record.callId, record);
  }

  /** Lets the call be found by the carrier's own id too. */
  async name({ tenant, callId }: CallPlace, externalCallId: string): Promise<void> {
    await this.#archive.createPointer(tenant, hashOf(externalCallId), { v: 1, callId });
  }

  /** Tells the index how a live call stands. */
  async hold(place: CallPlace, status: CallStatus): Promise<void> {
    await this.#softly(this.#index.hold(place, status, STATUS_LEASE_MS));
  }

  /** Ends a call for good; the answer is the end that counts, be it an earlier one. */
  async end(place: CallPlace, ended: CallEndedRecord): Promise<CallEndedRecord> {
    if ((await this.#archive.endCall(place.tenant, ended)) === 'created') return ended;
    return (await this.#archive.readEnded(place.tenant, place.callId)) ?? ended;
  }

  /** Nothing is left to be done for a call that has ended. */
  async settle(place: CallPlace): Promise<void> {
    await this.#archive.unmarkLive(place);
    await this.#softly(this.#index.release(place));
  }

  /** Our id of a call, by either id; `call_not_found`. */
  async idOf({ tenant, id }: CallName): Promise<string> {
    if (CALL_ID.test(id)) return id;
    const pointer = await this.#archive.readPointer(tenant, hashOf(id));
    if (pointer === null) throw new EarshotError('call_not_found');
    return pointer.callId;
  }

  async view(place: CallPlace): Promise<CallView> {
    const [record, ended] = await Promise.all([
      this.#archive.readCall(place.tenant, place.callId),
      this.#archive.readEnded(place.tenant, place.callId),
    ]);
    if (record === null) throw new EarshotError('call_not_found');
    const status = ended === null ? await this.status(place) : null;
    return viewOf(record, { status, ended });
  }

  /** Whether a node holds the call; rejects when the index cannot tell. */
  async isHeld(place: CallPlace): Promise<boolean> {
    return (await this.#index.status(place)) !== null;
  }

  async status(place: CallPlace): Promise<CallStatus | null> {
    return this.#softly(this.#index.status(place)).then((status) => status ?? null);
  }

  async list(page: CallPage): Promise<CallView[]> {
    const ids = await this.#index.list(page);
    const views = await Promise.all(
      ids.map((callId) => this.view({ tenant: page.tenant, callId }).catch(nullUnlessOutage)),
    );
    return views.filter((view) => view !== null);
  }

  /** Lists what is missing in the index: every call again when it was emptied. */
  async prime(): Promise<void> {
    const isWhole = await this.#index.isWhole();
    for (const record of [...this.#unlisted.values()]) await this.enlist(record);
    if (isWhole) return;
    for await (const place of this.#archive.listCalls()) {
      const record = await this.#archive.readCall(place.tenant, place.callId).catch(nullUnlessOutage);
      if (record !== null) await this.#index.add(record, record.createdAt);
    }
    await this.#index.markWhole();
  }

  async #softly<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      this.#log.warn({ err: error }, 'the index of calls cannot be reached');
      return undefined;
    }
  }
}

/** A call that is damaged or gone is left out of a list; while storage is away there is no list. */
function nullUnlessOutage(error: unknown): null {
  if (error instanceof EarshotError && !error.retryable) return null;
  throw error;
}

const hashOf = (externalCallId: string): string => createHash('sha256').update(externalCallId).digest('hex');

/** A call as its records tell it. One without an end whose node gives no sign is shown as it began. */
export function viewOf(
  record: CallRecord,
  known: { readonly status: CallStatus | null; readonly ended: CallEndedRecord | null },
): CallView {
  const { status, ended } = known;
  const { callId, tenant, lineId, carrier, direction, peer, sessionId, transcribe, callbackData, createdAt } =
    record;
  return {
    callId,
    tenant,
    lineId,
    carrier,
    direction,
    peer,
    sessionId,
    record: record.record,
    transcribe,
    callbackData,
    createdAt,
    externalCallId: record.externalCallId ?? status?.externalCallId ?? null,
    state: ended === null ? (status?.state ?? 'initiating') : 'ended',
    muted: ended === null && status?.muted === true,
    connectedAt: ended?.connectedAt ?? status?.connectedAt ?? null,
    endedAt: ended?.endedAt ?? null,
    updatedAt: ended?.endedAt ?? status?.updatedAt ?? record.createdAt,
    durationMs: ended?.durationMs ?? null,
    reason: ended?.reason ?? null,
  };
}

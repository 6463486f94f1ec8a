import { setTimeout as sleep } from 'node:timers/promises';
import { type CallEndedRecord, type CallRecord, EarshotError, type SessionRef } from '@earshot/protocol';
import type { CallPlace } from '@earshot/storage';
import type { CallHostDeps } from '../host-deps.ts';
import type { LiveCall } from '../live-call.ts';
import { type CallBook, STATUS_LEASE_MS } from './call-book.ts';

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;

/** Sees every call that is over onto record, its session to its End, whatever is away meanwhile. */
export class Endings {
  readonly #deps: CallHostDeps;
  readonly #book: CallBook;
  readonly #forget: (callId: string) => void;
  readonly #running = new Map<string, Promise<void>>();
  /** Calls of other nodes whose lease was gone at the last look, by when that was, ms. */
  readonly #suspects = new Map<string, number>();
  readonly #stopped = new AbortController();

  constructor(deps: CallHostDeps, book: CallBook, forget: (callId: string) => void) {
    this.#deps = deps;
    this.#book = book;
    this.#forget = forget;
  }

  /** Takes over a call that has just ended. */
  add(call: LiveCall): void {
    const { callId } = call.record;
    const work = this.#conclude(call).finally(() => {
      this.#running.delete(callId);
      this.#forget(callId);
    });
    this.#running.set(callId, work);
  }

  /** Waits for the calls that are being concluded. */
  async settled(deadlineMs: number): Promise<void> {
    const all = Promise.allSettled(this.#running.values());
    const timer = new AbortController();
    await Promise.race([all, sleep(deadlineMs, undefined, { signal: timer.signal }).catch(() => undefined)]);
    timer.abort();
  }

  stop(): void {
    this.#stopped.abort();
  }

  /**
   * Ends the calls that are on record as live and that nobody carries: those of this node from before it started, and
   * those of nodes that gave no sign for two leases.
   */
  async reconcile(isCarried: (callId: string) => boolean): Promise<void> {
    const { archive, log } = this.#deps;
    const seen = new Set<string>();
    for await (const place of archive.listLive()) {
      seen.add(place.callId);
      if (isCarried(place.callId) || this.#running.has(place.callId)) continue;
      try {
        await this.#judge(place);
      } catch (error) {
        // One that cannot be ended now, or ever, must keep neither the others nor the start of this process.
        log.warn({ call: place.callId, err: error }, 'a call that was left behind could not be ended yet');
      }
    }
    for (const callId of this.#suspects.keys()) if (!seen.has(callId)) this.#suspects.delete(callId);
  }

  async #judge(place: CallPlace): Promise<void> {
    const { archive, node, log } = this.#deps;
    const marker = await archive.readLive(place);
    if (marker === null || (marker.node !== node && !(await this.#isGone(place)))) return;
    log.warn({ call: place.callId, node: marker.node }, 'a call was left behind by a process that is gone');
    await this.#endLost(place);
  }

  /** While the index cannot be read no node is judged. */
  async #isGone(place: CallPlace): Promise<boolean> {
    if (await this.#book.isHeld(place).catch(() => true)) {
      this.#suspects.delete(place.callId);
      return false;
    }
    const now = performance.now();
    const since = this.#suspects.get(place.callId);
    if (since === undefined) this.#suspects.set(place.callId, now);
    return since !== undefined && now - since >= 2 * STATUS_LEASE_MS;
  }

  async #endLost(place: CallPlace): Promise<void> {
    const { archive, announce } = this.#deps;
    const record = await archive.readCall(place.tenant, place.callId);
    if (record !== null) {
      await this.#book.enlist(record);
      const status = await this.#book.status(place);
      const endedAt = new Date().toISOString();
      const connectedAt = status?.connectedAt ?? (await this.#heardSince(record));
      const lost: CallEndedRecord = {
        v: 1,
        callId: place.callId,
        reason: 'node_lost',
        connectedAt,
        endedAt,
        durationMs:
          connectedAt === null
            ? 0
            : Math.max(0, Date.parse(status?.updatedAt ?? endedAt) - Date.parse(connectedAt)),
        figures: null,
      };
      const { reason, durationMs } = await this.#book.end(place, lost);
      // Whoever put the end on record may not have told it any more; an event that was told already is the same one.
      const { tenant, lineId, callId, direction, peer } = record;
      const data = { callId, direction, peer, state: 'ended', reason, durationMs };
      announce({ type: 'call.ended', tenant, lineId, callId, data });
      await this.#endSession(record);
    }
    await this.#book.settle(place);
  }

  /** Of a call that only storage remembers: its session was created when it was answered. */
  async #heardSince({ tenant, sessionId }: CallRecord): Promise<string | null> {
    if (sessionId === null) return null;
    try {
      return (await this.#deps.sessions.load({ tenant, sessionId })).document.createdAt;
    } catch (error) {
      // The end is written once: while the answer cannot be had it is not guessed.
      if (error instanceof EarshotError && !error.retryable) return null;
      throw error;
    }
  }

  async #conclude(call: LiveCall): Promise<void> {
    await call.kept();
    const { record } = call;
    await this.#untilDone(record.callId, () => this.#book.end(record, call.ended()));
    await this.#untilDone(record.callId, () => this.#endSession(record));
    await this.#untilDone(record.callId, () => this.#book.settle(record));
  }

  /** Ends the session of a call; one that was never created, because nobody answered, needs no End. */
  async #endSession({ tenant, sessionId }: { tenant: string; sessionId: string | null }): Promise<void> {
    if (sessionId === null) return;
    const ref: SessionRef = { tenant, sessionId };
    try {
      await this.#deps.sessions.end(ref, {});
    } catch (error) {
      const harmless = ['session_not_found', 'session_ended', 'session_completed', 'session_expired'];
      if (error instanceof EarshotError && harmless.includes(error.code)) return;
      throw error;
    }
  }

  /** As often as it takes; at the end of the process the next start goes on. */
  async #untilDone(callId: string, work: () => Promise<unknown>): Promise<void> {
    for (
      let waitMs = FIRST_WAIT_MS;
      !this.#stopped.signal.aborted;
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
    ) {
      try {
        await work();
        return;
      } catch (error) {
        this.#deps.log.warn(
          { call: callId, err: error },
          'the end of a call could not be put on record; trying again',
        );
        await sleep(waitMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
      }
    }
  }
}

import type { SessionRef } from '@earshot/protocol';
import {
  type SessionIndex,
  type StreamLease,
  type StreamNotice,
  segmentName,
  transition,
} from '@earshot/sessions';
import type { Life, Scheduler } from '../scheduler/scheduler.ts';
import { IndexData, type IndexedSession, nameOf } from './index-data.ts';
import { fairWeather, Remote } from './remote.ts';

type Input = Parameters<SessionIndex['apply']>[1];

/** The index over sessions, in memory, with the moods of a Redis: away, emptied, or back to an earlier state. */
export class SimulatedIndex {
  readonly remote: Remote;
  /** Told when it has forgotten something. */
  onForgot: () => void = () => undefined;
  readonly #scheduler: Scheduler;
  readonly #waiters = new Map<string, Set<() => void>>();
  readonly #listeners: { life: Life; hear: (notice: StreamNotice) => void }[] = [];
  #data = new IndexData();
  #snapshot = new IndexData();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    this.remote = new Remote('index', scheduler, fairWeather(0.6));
  }

  /** Forgets everything. */
  flush(): void {
    this.#data = new IndexData();
    this.#data.complete = false;
    this.onForgot();
  }

  /** Remembers this state for `rollBack`. */
  save(): void {
    this.#snapshot = this.#data.copy();
  }

  /** Everything since `save` is forgotten, and what was deleted since is back. */
  rollBack(): void {
    this.#data = this.#snapshot.copy();
    this.onForgot();
  }

  /** The index as one process sees it; notices to the node `life.name` reach its listeners. */
  view(life: Life): SessionIndex {
    const call = <T>(what: string, ref: SessionRef, effect: (session: IndexedSession) => T): Promise<T> =>
      this.remote.call(life, what, () => effect(this.#data.of(ref)));
    return {
      ...this.#leases(life),
      read: (ref) => call('read', ref, ({ row }) => row),
      restore: (row, contents) =>
        call('restore', refOfRow(row), (session) => {
          session.row ??= row;
          for (const entry of contents.segments) session.segments.set(segmentName(entry), entry);
          for (const [name, status] of contents.statuses) session.statuses.set(name, status);
        }),
      apply: (ref, input) => call(`apply ${input.type}`, ref, (session) => this.#apply(ref, session, input)),
      uploads: (ref) => call('uploads', ref, () => []),
      addUpload: (ref) => call('add upload', ref, () => undefined),
      segments: (ref) =>
        call('segments', ref, ({ segments }) =>
          [...segments.values()].sort((a, b) => a.track.localeCompare(b.track) || a.index - b.index),
        ),
      addSegments: (ref, entries) =>
        call('add segments', ref, ({ segments }) => {
          for (const entry of entries) segments.set(segmentName(entry), entry);
          this.#wake(ref);
        }),
      segmentStatuses: (ref) => call('statuses', ref, ({ statuses }) => new Map(statuses)),
      markSegment: (ref, segment, status) =>
        call('mark', ref, ({ statuses }) => void statuses.set(segmentName(segment), status)),
      finish: (ref, result) =>
        call('finish', ref, (session) => {
          const input = { type: 'finished', status: result.status, at: result.completedAt } as const;
          return (this.#apply(ref, session, input)?.announce.length ?? 0) > 0;
        }),
      changed: (ref) => call('changed', ref, () => this.#wake(ref)),
      waitForChange: (ref, ms) => this.#wait(life, ref, ms),
      list: () => Promise.reject(new Error('nobody lists sessions here')),
      dueForExpiry: () => Promise.reject(new Error('nobody sweeps here')),
      remove: (ref) =>
        this.remote.call(life, 'remove', () => {
          this.#data.sessions.delete(nameOf(ref));
          this.#wake(ref);
        }),
      isComplete: () => this.remote.call(life, 'is complete', () => this.#data.complete),
      markComplete: () =>
        this.remote.call(life, 'mark complete', () => {
          this.#data.complete = true;
        }),
      close: () => Promise.resolve(),
    };
  }

  #leases(
    life: Life,
  ): Pick<SessionIndex, 'holdStream' | 'releaseStream' | 'liveStream' | 'notifyStream' | 'onStreamNotice'> {
    const call = <T>(what: string, ref: SessionRef, effect: (session: IndexedSession) => T): Promise<T> =>
      this.remote.call(life, what, () => effect(this.#data.of(ref)));
    return {
      holdStream: (ref, lease, ttlMs) =>
        call('hold', ref, (session) => {
          const held = this.#held(session);
          if (held !== null && held.epoch > lease.epoch) return false;
          if (held?.epoch === lease.epoch && held.node !== lease.node) return false;
          session.lease = { lease: { ...lease }, untilMs: this.#scheduler.nowMs + ttlMs };
          return true;
        }),
      releaseStream: (ref, lease) =>
        call('release', ref, (session) => {
          const held = this.#held(session);
          if (held?.epoch === lease.epoch && held.node === lease.node) session.lease = null;
          this.#wake(ref);
        }),
      liveStream: (ref) => call('live', ref, (session) => this.#held(session)),
      notifyStream: (notice, lease) =>
        call(`notify ${notice.reason}`, notice.ref, (session) => {
          const target = lease ?? this.#held(session);
          if (target !== null) this.#tell(target.node, notice);
        }),
      onStreamNotice: (hear) => {
        this.#listeners.push({ life, hear });
      },
    };
  }

  #apply(ref: SessionRef, session: IndexedSession, input: Input): ReturnType<typeof transition> | null {
    if (session.row === null) return null;
    const change = transition(session.row, input);
    session.row = change.row;
    this.#wake(ref);
    return change;
  }

  #held(session: IndexedSession): StreamLease | null {
    return session.lease !== null && session.lease.untilMs > this.#scheduler.nowMs
      ? session.lease.lease
      : null;
  }

  #tell(node: string, notice: StreamNotice): void {
    for (const { life, hear } of this.#listeners) {
      if (life.name !== node || life.dead) continue;
      this.#scheduler.after(
        this.remote.weather.latencyMs,
        `${node} notice ${notice.reason}`,
        () => hear(notice),
        life,
      );
    }
  }

  #wake(ref: SessionRef): void {
    const waiting = this.#waiters.get(nameOf(ref));
    if (waiting === undefined) return;
    this.#waiters.delete(nameOf(ref));
    for (const wake of waiting) wake();
  }

  #wait(life: Life, ref: SessionRef, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const name = nameOf(ref);
      const waiting = this.#waiters.get(name) ?? new Set();
      this.#waiters.set(name, waiting);
      const timeUp = this.#scheduler.after(
        Math.max(0, ms),
        `${life.name} index wait over`,
        () => wake(),
        life,
      );
      const wake = (): void => {
        waiting.delete(wake);
        timeUp();
        this.#scheduler.after(this.remote.weather.latencyMs, `${life.name} index woken`, resolve, life);
      };
      waiting.add(wake);
    });
  }
}

function refOfRow(row: { document: { tenant: string; sessionId: string } }): SessionRef {
  return { tenant: row.document.tenant, sessionId: row.document.sessionId };
}

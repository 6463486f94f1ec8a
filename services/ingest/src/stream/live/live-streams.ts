import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionRef } from '@earshot/protocol';
import type { SessionIndex, StreamNotice } from '@earshot/sessions';
import type { LeaseHold, StreamClock, StreamLimits, StreamLog } from '../context/ports.ts';

/** Why a stream has to stop before its client wants to. */
export type HaltReason = StreamNotice['reason'] | 'shutdown';

/** A connection that feeds a session now. */
export interface LiveStream {
  readonly epoch: number;
  /** Stops taking audio; what came so far is stored for at most `flushMs`, unless the session was erased. */
  halt(reason: HaltReason, flushMs: number): void;
  /** Called about once a second with monotonic milliseconds. */
  tick(elapsedMs: number): void;
}

/** A place among the live streams, taken before the session admits the connection so that no notice is missed. */
export interface Admission extends LeaseHold {
  /** The stream is open: notices that came meanwhile and all later ones reach it. */
  begin(stream: LiveStream): void;
  /** The stream has ended, or never began. */
  leave(): void;
}

export interface LiveStreamsContext {
  readonly index: Pick<SessionIndex, 'holdStream' | 'onStreamNotice'>;
  readonly node: string;
  readonly limits: StreamLimits;
  readonly clock: StreamClock;
  readonly log: StreamLog;
}

interface Place {
  readonly ref: SessionRef;
  readonly missed: StreamNotice[];
  stream: LiveStream | undefined;
  renewAt: number;
  renewing: Promise<void> | undefined;
  suspended: boolean;
}

const TICK_MS = 1000;
/** A renewal that takes longer has failed; nothing waits for it. */
const RENEWAL_WAIT_MS = 2000;
const nameOf = (ref: SessionRef): string => `${ref.tenant}/${ref.sessionId}`;

/** All live streams of this node: passes notices on, keeps their leases, and beats once a second for all. */
export class LiveStreams {
  readonly #context: LiveStreamsContext;
  readonly #places = new Map<string, Set<Place>>();
  readonly #emptied: (() => void)[] = [];
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #leasesFail = false;
  #stopping: { readonly flushMs: number } | undefined;

  constructor(context: LiveStreamsContext) {
    this.#context = context;
    context.index.onStreamNotice((notice) => this.#notify(notice));
  }

  /** Connections open or being opened. */
  get count(): number {
    return this.#count;
  }

  admit(ref: SessionRef): Admission {
    const place: Place = {
      ref,
      missed: [],
      stream: undefined,
      renewAt: 0,
      renewing: undefined,
      suspended: false,
    };
    const places = this.#places.get(nameOf(ref)) ?? new Set();
    this.#places.set(nameOf(ref), places.add(place));
    this.#count += 1;
    this.#timer ??= setInterval(() => this.#beat(), TICK_MS);
    return {
      begin: (stream) => {
        place.stream = stream;
        place.renewAt = this.#context.clock.elapsedMs() + this.#context.limits.streamLeaseRenewMs;
        for (const notice of place.missed.splice(0)) this.#pass(notice, stream);
        if (this.#stopping !== undefined) stream.halt('shutdown', this.#stopping.flushMs);
      },
      leave: () => this.#leave(place),
      suspend: async () => {
        place.suspended = true;
        await Promise.race([place.renewing, sleep(RENEWAL_WAIT_MS, undefined, { ref: false })]);
      },
      resume: () => {
        place.suspended = false;
      },
    };
  }

  /** Halts every stream, and those that still begin. */
  haltAll(flushMs: number): void {
    this.#stopping = { flushMs };
    for (const place of this.#all()) place.stream?.halt('shutdown', flushMs);
  }

  /** Resolves when no stream is left. */
  async empty(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#emptied.push(resolve));
  }

  #leave(place: Place): void {
    const places = this.#places.get(nameOf(place.ref));
    if (places?.delete(place) !== true) return;
    if (places.size === 0) this.#places.delete(nameOf(place.ref));
    this.#count -= 1;
    if (this.#count > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const resolve of this.#emptied.splice(0)) resolve();
  }

  #all(): Place[] {
    return [...this.#places.values()].flatMap((places) => [...places]);
  }

  #notify(notice: StreamNotice): void {
    for (const place of this.#places.get(nameOf(notice.ref)) ?? []) {
      if (place.stream === undefined) place.missed.push(notice);
      else this.#pass(notice, place.stream);
    }
  }

  #pass(notice: StreamNotice, stream: LiveStream): void {
    if (stream.epoch > notice.epoch) return;
    stream.halt(notice.reason, this.#context.limits.streamFlushMs);
  }

  #beat(): void {
    const now = this.#context.clock.elapsedMs();
    for (const place of this.#all()) {
      place.stream?.tick(now);
      if (place.stream === undefined || now < place.renewAt || place.suspended) continue;
      place.renewAt = now + this.#context.limits.streamLeaseRenewMs;
      place.renewing ??= this.#renew(place, place.stream);
    }
  }

  /** A lease that cannot be renewed because the index is down is no reason to stop: storage itself refuses old writers. */
  async #renew(place: Place, stream: LiveStream): Promise<void> {
    const { index, node, limits, log } = this.#context;
    try {
      const held = await index.holdStream(place.ref, { node, epoch: stream.epoch }, limits.streamLeaseMs);
      this.#leasesFail = false;
      if (!held && this.#places.get(nameOf(place.ref))?.has(place) === true) {
        stream.halt('superseded', limits.streamFlushMs);
      }
    } catch (error) {
      if (!this.#leasesFail) log.warn({ err: error }, 'stream leases cannot be renewed');
      this.#leasesFail = true;
    } finally {
      place.renewing = undefined;
    }
  }
}

import type { LineRecord } from '@earshot/protocol';
import type { CallHandle } from '../../../ports.ts';

/** The stream that carries a call at the moment. */
export interface CallMedia {
  /** A newer stream carries the call from now on. */
  superseded(): void;
  hangup(): void;
}

/** A call, which can outlive the stream that brought it. */
export class StandingCall {
  readonly handle: CallHandle;
  #media: CallMedia | undefined;
  #unlinkedAt: number | undefined;
  #isNew = true;
  #isOver = false;

  constructor(handle: CallHandle) {
    this.handle = handle;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** No stream has carried it yet. */
  get isNew(): boolean {
    return this.#isNew;
  }

  /** A stream carries the call; an older one of the same call is told. */
  carry(media: CallMedia): void {
    const before = this.#media;
    this.#media = media;
    this.#unlinkedAt = undefined;
    this.#isNew = false;
    if (before !== media) before?.superseded();
  }

  /** The stream broke at this time, and another may come. */
  unlink(atMs: number): void {
    this.#media = undefined;
    this.#unlinkedAt = atMs;
    this.handle.unlinked();
  }

  /** Nothing carries the call any more, and nothing will. */
  retire(): void {
    this.#isOver = true;
    this.#media = undefined;
  }

  /** The call is refused or given up from here. */
  hangup(): void {
    const media = this.#media;
    this.retire();
    media?.hangup();
  }

  /** True when it has waited for another stream since before this time. */
  isForsaken(beforeMs: number): boolean {
    return this.#unlinkedAt !== undefined && this.#unlinkedAt <= beforeMs;
  }
}

/** Calls by line and by the platform's own id, so that a stream that comes again finds its call. */
export class StandingCalls {
  readonly #calls = new Map<string, Promise<StandingCall>>();
  readonly #settled = new Map<string, StandingCall>();

  get size(): number {
    return this.#calls.size;
  }

  /** The call of this name, or the one that `make` brings; two streams that come at once share one. */
  async obtain(key: string, make: () => Promise<StandingCall>): Promise<StandingCall> {
    this.#forgetOver();
    const known = this.#calls.get(key);
    if (known !== undefined) return await known;
    const making = make();
    this.#calls.set(key, making);
    try {
      const call = await making;
      this.#settled.set(key, call);
      return call;
    } catch (error) {
      this.#calls.delete(key);
      throw error;
    }
  }

  /** Ends the calls whose stream broke before this time and did not come again. */
  expire(beforeMs: number): void {
    for (const call of this.#settled.values()) {
      if (call.isOver || !call.isForsaken(beforeMs)) continue;
      call.retire();
      call.handle.ended('peer_gone');
    }
    this.#forgetOver();
  }

  #forgetOver(): void {
    for (const [key, call] of this.#settled) {
      if (!call.isOver) continue;
      this.#settled.delete(key);
      this.#calls.delete(key);
    }
  }
}

/** One name for a platform's call on a line. */
export function callKey({ tenant, lineId }: LineRecord, externalCallId: string): string {
  return `${tenant} ${lineId} ${externalCallId}`;
}

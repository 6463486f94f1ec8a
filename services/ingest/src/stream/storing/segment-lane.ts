import type { SegmentEntry, SessionRef, TrackName } from '@earshot/protocol';
import type { Deadline } from '../context/deadline.ts';
import type { IntakeContext } from '../context/ports.ts';
import { backOff, worthLogging } from '../context/retry.ts';
import { entryAt, type PendingSegment, placeBehind, putSegment } from './segment-object.ts';

/** From this position of the connection's own count, a track's segments lie `shift` samples later. */
export interface Relocation {
  readonly track: TrackName;
  readonly from: number;
  readonly shift: number;
}

/** What a lane tells its queue. */
export interface LaneListener {
  stored(entry: SegmentEntry, wavBytes: number): void;
  dropped(segment: PendingSegment): void;
  relocated(relocation: Relocation): void;
}

/** What the lanes of one connection share. */
export interface LaneContext extends Pick<IntakeContext, 'store' | 'slots' | 'log'> {
  readonly ref: SessionRef;
  readonly deadline: Deadline;
  /** True once a newer connection feeds the session: then nothing is placed behind what it stored. */
  readonly fenced: () => boolean;
}

/**
 * Carries the segments of one track to storage, one after the other, again and again until the deadline.
 * Where other content stands in the way, by a writer that was thought gone, the track goes on behind it.
 */
export class SegmentLane {
  readonly #context: LaneContext;
  readonly #listener: LaneListener;
  readonly #waiting: PendingSegment[] = [];
  readonly #unsettled = new Map<Promise<boolean>, string>();
  #index: number;
  #shift = 0;
  #running: Promise<void> | undefined;

  constructor(context: LaneContext, firstIndex: number, listener: LaneListener) {
    this.#context = context;
    this.#index = firstIndex;
    this.#listener = listener;
  }

  add(segment: PendingSegment): void {
    this.#waiting.push(segment);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing waits any more. */
  async settle(): Promise<void> {
    await this.#running;
  }

  /** Resolves when no write is under way, with the keys whose fate was open when it was called. */
  async quiet(): Promise<string[]> {
    const late = [...this.#unsettled.values()];
    await Promise.allSettled(this.#unsettled.keys());
    return late;
  }

  async #run(): Promise<void> {
    for (let segment = this.#waiting[0]; segment !== undefined; segment = this.#waiting[0]) {
      const entry = await this.#store(segment);
      this.#waiting.shift();
      if (entry === undefined) {
        this.#listener.dropped(segment);
        continue;
      }
      this.#index = entry.index + 1;
      this.#listener.stored(entry, segment.wav.length);
    }
    this.#running = undefined;
  }

  async #store(segment: PendingSegment): Promise<SegmentEntry | undefined> {
    const { deadline, fenced } = this.#context;
    for (let attempt = 1; !deadline.hasPassed(); attempt += 1) {
      try {
        const entry = this.#entryOf(segment);
        if (await this.#put(entry, segment.wav)) return entry;
        if (fenced()) return undefined;
        await this.#relocate(segment);
      } catch (error) {
        if (deadline.hasPassed()) break;
        this.#logFailure(error, attempt);
        await backOff(attempt, deadline.signal);
      }
    }
    return undefined;
  }

  #entryOf(segment: PendingSegment): SegmentEntry {
    return entryAt(this.#context.ref, segment, {
      index: this.#index,
      firstSample: segment.about.firstSample + this.#shift,
    });
  }

  /** One attempt, given up on at the deadline even if storage never answers. */
  #put(entry: SegmentEntry, wav: Uint8Array): Promise<boolean> {
    const { slots, store, deadline } = this.#context;
    const writing = slots.run(() => {
      deadline.signal.throwIfAborted();
      return putSegment(store, entry, wav);
    });
    this.#unsettled.set(writing, entry.key);
    return deadline.bound(writing.finally(() => this.#unsettled.delete(writing)));
  }

  /** Nothing is ever overwritten: the track goes on behind everything that storage holds of it. */
  async #relocate({ about }: PendingSegment): Promise<void> {
    const { store, ref, log, deadline } = this.#context;
    const { track } = about;
    const behind = await deadline.bound(placeBehind(store, ref, track));
    this.#index = Math.max(this.#index + 1, behind.index);
    const shift = Math.max(this.#shift, behind.firstSample - about.firstSample);
    this.#shift = shift;
    this.#listener.relocated({ track, from: about.firstSample, shift });
    log.warn(
      { session: ref.sessionId, track, index: this.#index },
      'other audio stood where a segment belongs',
    );
  }

  #logFailure(error: unknown, attempt: number): void {
    if (!worthLogging(attempt)) return;
    const { log, ref } = this.#context;
    log.warn({ session: ref.sessionId, attempt, err: error }, 'a segment could not be stored; trying again');
  }
}

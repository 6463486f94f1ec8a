import type { ProcessingIssue, SegmentEntry, SessionRef, TrackName } from '@earshot/protocol';
import { Deadline } from '../context/deadline.ts';
import type { IntakeContext } from '../context/ports.ts';
import { IndexFeed } from './index-feed.ts';
import { type LaneListener, type Relocation, SegmentLane } from './segment-lane.ts';
import type { PendingSegment } from './segment-object.ts';

/** A range of samples on a track, `to` exclusive. */
export interface SampleRange {
  readonly track: TrackName;
  readonly from: number;
  readonly to: number;
}

/**
 * Carries the segments of one connection to storage: in order on each track, as long as it takes until the
 * deadline. What is not stored by then is listed in `dropped`.
 */
export class SegmentQueue {
  readonly deadline = new Deadline();
  readonly stored: SegmentEntry[] = [];
  /** In the connection's own count; `relocations` says where it lies on the track. */
  readonly dropped: SampleRange[] = [];
  readonly relocations: Relocation[] = [];
  /** Set when a newer connection feeds the session. */
  fenced = false;
  readonly #context: IntakeContext;
  readonly #ref: SessionRef;
  readonly #firstIndex: ReadonlyMap<TrackName, number>;
  readonly #lanes = new Map<TrackName, SegmentLane>();
  readonly #listener: LaneListener;
  #waitingBytes = 0;
  #room: { promise: Promise<void>; resolve: () => void } | undefined;

  /** `firstIndex` tells at which index each track continues. */
  constructor(context: IntakeContext, ref: SessionRef, firstIndex: ReadonlyMap<TrackName, number>) {
    this.#context = context;
    this.#ref = ref;
    this.#firstIndex = firstIndex;
    const feed = new IndexFeed(context, ref);
    this.#listener = {
      stored: (entry, wavBytes) => {
        this.stored.push(entry);
        this.#leave(wavBytes);
        context.metrics.segmentStored(wavBytes, entry.cut);
        feed.add(entry);
      },
      dropped: ({ about, wav }) => {
        this.dropped.push({
          track: about.track,
          from: about.firstSample,
          to: about.firstSample + about.samples,
        });
        this.#leave(wav.length);
      },
      relocated: (relocation) => this.relocations.push(relocation),
    };
  }

  add(segment: PendingSegment): void {
    this.#waitingBytes += segment.wav.length;
    this.#context.slots.backlogBytes += segment.wav.length;
    this.#laneOf(segment.about.track).add(segment);
  }

  /** A promise of room while too much waits for storage, of this connection or of all; undefined when there is room. */
  room(): Promise<void> | undefined {
    if (!this.#isCrowded()) return undefined;
    if (this.#room === undefined) {
      let resolve: () => void = () => undefined;
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.#room = { promise, resolve };
    }
    return this.#room.promise;
  }

  /** Resolves when every segment is stored or, after the deadline, dropped. */
  async settle(): Promise<void> {
    for (const lane of this.#lanes.values()) await lane.settle();
    this.deadline.clear();
  }

  /** Forgets everything that waits, and takes away what writes under way still leave behind. */
  async erase(): Promise<void> {
    this.deadline.now();
    const late = await Promise.all([...this.#lanes.values()].map((lane) => lane.quiet()));
    await this.settle();
    if (late.flat().length > 0) await this.#context.store.remove(late.flat());
  }

  /** What a person should know about how this went. */
  issues(): ProcessingIssue[] {
    const moved = this.relocations.map(({ track, shift }) => ({
      type: 'segment_conflict',
      message: 'Other audio was already stored where a segment belongs; the track goes on behind it.',
      details: { track, shift },
    }));
    if (this.dropped.length === 0) return moved;
    const message =
      'Storage did not take the end of the stream in time; the missing ranges are listed as gaps.';
    return [...moved, { type: 'audio_dropped', message }];
  }

  #laneOf(track: TrackName): SegmentLane {
    const known = this.#lanes.get(track);
    if (known !== undefined) return known;
    const { store, slots, log } = this.#context;
    const context = { store, slots, log, ref: this.#ref, deadline: this.deadline, fenced: () => this.fenced };
    const lane = new SegmentLane(context, this.#firstIndex.get(track) ?? 0, this.#listener);
    this.#lanes.set(track, lane);
    return lane;
  }

  #leave(bytes: number): void {
    this.#waitingBytes -= bytes;
    this.#context.slots.backlogBytes -= bytes;
    if (this.#room === undefined || this.#isCrowded()) return;
    this.#room.resolve();
    this.#room = undefined;
  }

  #isCrowded(): boolean {
    const { limits, slots } = this.#context;
    if (this.#waitingBytes > limits.intakeHighWaterBytes) return true;
    return this.#waitingBytes > 0 && slots.backlogBytes > limits.nodeHighWaterBytes;
  }
}

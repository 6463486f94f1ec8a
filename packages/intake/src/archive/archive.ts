import type { JournalStream } from '@earshot/journal';
import type { ProcessingIssue, SegmentEntry, SessionRef, TrackDigest, TrackName } from '@earshot/protocol';
import type { IntakeContext } from '../context.ts';
import { Stop, untilDone } from '../time/waiting.ts';
import { IndexFeed } from './index-feed.ts';
import { type Relocation, SegmentLane, type StoredSegment } from './segment-lane.ts';
import type { PendingSegment } from './segment-object.ts';

/** Where the archive of a track begins. */
export interface LaneStart {
  readonly firstIndex: number;
  /** Samples that its positions in storage lie behind those in the journal: not 0 only after a conflict. */
  readonly shift: number;
  /** The position in the journal from which they do. */
  readonly from: number;
}

/** Carries the segments of one session from the journal to storage, in order on each track. */
export class Archive {
  readonly stored: SegmentEntry[] = [];
  readonly relocations: Relocation[];
  readonly #context: IntakeContext;
  readonly #ref: SessionRef;
  readonly #stream: JournalStream;
  readonly #onStored: (stored: StoredSegment) => void;
  readonly #starts = new Map<TrackName, LaneStart>();
  readonly #lanes = new Map<TrackName, SegmentLane>();
  readonly #feed: IndexFeed;
  readonly #stop = new Stop();
  #backlogBytes = 0;

  /** Adds to `relocations`, which are those of an earlier process so far. */
  constructor(
    context: IntakeContext,
    { stream, relocations }: { stream: JournalStream; relocations: Relocation[] },
    onStored: (stored: StoredSegment) => void,
  ) {
    this.relocations = relocations;
    this.#context = context;
    this.#ref = stream.ref;
    this.#stream = stream;
    this.#onStored = onStored;
    this.#feed = new IndexFeed(context, stream.ref);
  }

  get stopped(): boolean {
    return this.#stop.stopped;
  }

  /** Says where a track continues; to be called before its first segment. */
  start(track: TrackName, start: LaneStart): void {
    this.#starts.set(track, start);
    const { from, shift } = start;
    const known = this.relocations.findLast((relocation) => relocation.track === track);
    if (shift !== (known?.shift ?? 0)) this.relocations.push({ track, from, shift });
  }

  add(segment: PendingSegment): void {
    if (!this.stopped) this.#count(segment.samples * 2);
    this.#laneOf(segment.track).add(segment);
  }

  digests(): TrackDigest[] {
    return [...this.#lanes.values()].flatMap((lane) => lane.digest() ?? []);
  }

  /** Resolves when every segment is stored, or the archive was stopped. */
  async settle(): Promise<void> {
    for (const lane of this.#lanes.values()) await lane.settle();
  }

  /** Tries no more; what is not stored stays in the journal. */
  stop(): void {
    this.#stop.stop();
    this.#count(-this.#backlogBytes);
  }

  /**
   * Forgets everything that waits, and takes away what writes under way still leave behind. False when `leaving` came
   * first.
   */
  async erase(leaving: Stop): Promise<boolean> {
    this.stop();
    const { store, time, log } = this.#context;
    const session = this.#ref.sessionId;
    const late = await this.quiet();
    if (late.length === 0) return true;
    return await untilDone(time, leaving, {
      work: () => store.remove(late),
      failed: (error, attempt) =>
        log.error(
          { session, attempt, err: error },
          'audio of an erased session is still there; trying again',
        ),
    });
  }

  /** Resolves when no write is under way any more, with the keys whose fate was open; to be called when stopped. */
  async quiet(): Promise<string[]> {
    const late = await Promise.all([...this.#lanes.values()].map((lane) => lane.quiet()));
    await this.settle();
    return late.flat();
  }

  /** What a person should know about how this went. */
  issues(): ProcessingIssue[] {
    const conflicts = this.relocations.filter(({ shift }) => shift > 0);
    return conflicts.map(({ track, shift }) => ({
      type: 'segment_conflict',
      message: 'Other audio was already stored where a segment belongs; the track goes on behind it.',
      details: { track, shift },
    }));
  }

  #count(bytes: number): void {
    this.#backlogBytes += bytes;
    this.#context.slots.backlogBytes += bytes;
  }

  #laneOf(track: TrackName): SegmentLane {
    const known = this.#lanes.get(track);
    if (known !== undefined) return known;
    const start = this.#starts.get(track) ?? { firstIndex: 0, shift: 0, from: 0 };
    const lane = new SegmentLane(
      { ...this.#context, ref: this.#ref, stream: this.#stream, stop: this.#stop },
      { track, ...start },
      {
        stored: (stored) => this.#keep(stored),
        relocated: (relocation) => this.relocations.push(relocation),
      },
    );
    this.#lanes.set(track, lane);
    return lane;
  }

  #keep(stored: StoredSegment): void {
    const { entry, segment } = stored;
    if (!this.stopped) this.#count(-segment.samples * 2);
    if (entry !== undefined) {
      this.stored.push(entry);
      this.#context.metrics.segmentStored(44 + entry.samples * 2, entry.cut);
      this.#feed.add(entry);
    }
    this.#onStored(stored);
  }
}

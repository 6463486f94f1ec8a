import type { JournalStream } from '@earshot/journal';
import type { SegmentEntry, SessionRef, TrackDigest, TrackName } from '@earshot/protocol';
import type { IntakeContext } from '../context.ts';
import { backOff, type Stop, worthLogging } from '../time/waiting.ts';
import { type JournalAudio, readAudio } from './journal-audio.ts';
import { othersAreDone } from './others-turn.ts';
import { ownAudio, splitAt } from './own-audio.ts';
import {
  entryAt,
  type PendingSegment,
  placeBehind,
  putSegment,
  type SegmentPlace,
  segmentWav,
  WAV_HEAD_BYTES,
} from './segment-object.ts';
import { TrackDigester } from './track-digester.ts';

/** Indexes left free for the writer whose audio stands in the way: it may still go on. */
const RELOCATION_ROOM = 1000;

/** From this position of the journal's count, a track's segments lie `shift` samples later in storage. */
export interface Relocation {
  readonly track: TrackName;
  readonly from: number;
  readonly shift: number;
}

/** A segment, or a part of one, that is safe in storage. */
export interface StoredSegment {
  /** What was stored; undefined for samples that lie in the object told before. */
  readonly entry: SegmentEntry | undefined;
  readonly segment: PendingSegment;
  readonly damaged: JournalAudio['damaged'];
}

/** An object in storage, and what of its audio could not be read back. */
interface StoredObject {
  readonly entry: SegmentEntry;
  readonly damaged: JournalAudio['damaged'];
}

/** What a lane tells its archive. */
export interface LaneListener {
  stored(stored: StoredSegment): void;
  relocated(relocation: Relocation): void;
}

/** What the lanes of one session share. */
export interface LaneContext
  extends Pick<
    IntakeContext,
    'store' | 'slots' | 'log' | 'journal' | 'time' | 'index' | 'sessions' | 'node' | 'limits'
  > {
  readonly ref: SessionRef;
  readonly stream: JournalStream;
  readonly stop: Stop;
}

/**
 * Carries the segments of one track from the journal to storage, one after the other, as often as it takes.
 * Where the same audio stands already, cut elsewhere, it counts as stored and the next segment begins at its end.
 * Where other content stands in the way, by a writer that was thought gone, the track goes on behind it.
 */
export class SegmentLane {
  readonly #context: LaneContext;
  readonly #listener: LaneListener;
  readonly #track: TrackName;
  readonly #waiting: PendingSegment[] = [];
  readonly #unsettled = new Map<Promise<unknown>, string>();
  readonly #digester: TrackDigester;
  #index: number;
  #shift = 0;
  /** The position in the journal below which everything is stored. */
  #storedTo = 0;
  /** Reads of the segment at hand that the disk refused. */
  #refusedReads = 0;
  #running: Promise<void> | undefined;

  constructor(
    context: LaneContext,
    start: { track: TrackName; firstIndex: number; shift: number },
    listener: LaneListener,
  ) {
    this.#context = context;
    this.#track = start.track;
    this.#index = start.firstIndex;
    this.#shift = start.shift;
    this.#digester = new TrackDigester(start.track);
    this.#listener = listener;
  }

  add(segment: PendingSegment): void {
    this.#waiting.push(segment);
    if (this.#running === undefined && this.#next() !== undefined) this.#running = this.#run();
  }

  digest(): TrackDigest | undefined {
    return this.#digester.digest();
  }

  /** Resolves when nothing waits any more, or the archive was stopped. */
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
    for (let segment = this.#next(); segment !== undefined; segment = this.#next()) {
      const stored = await this.#store(segment);
      if (stored === undefined) break;
      const { entry, damaged } = stored;
      this.#index = entry.index + 1;
      this.#storedTo = entry.firstSample - this.#shift + entry.samples;
      const { before = segment, rest } = splitAt(segment, this.#storedTo);
      this.#waiting.splice(0, 1, ...(rest === undefined ? [] : [rest]));
      this.#listener.stored({ entry, segment: before, damaged });
    }
    this.#running = undefined;
  }

  /** What is to be stored next: nothing that the object before it has already. */
  #next(): PendingSegment | undefined {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const { before, rest } = splitAt(first, this.#storedTo);
      if (before === undefined) return first;
      this.#waiting.splice(0, 1, ...(rest === undefined ? [] : [rest]));
      this.#listener.stored({ entry: undefined, segment: before, damaged: [] });
    }
    return undefined;
  }

  async #store(segment: PendingSegment): Promise<StoredObject | undefined> {
    const { stop, time } = this.#context;
    this.#refusedReads = 0;
    for (let attempt = 1; !stop.stopped; attempt += 1) {
      try {
        const stored = await this.#attempt(segment);
        if (stored !== undefined) return stored;
        await this.#relocate(segment);
      } catch (error) {
        this.#logFailure(error, attempt);
        await backOff(time, attempt, stop);
      }
    }
    return undefined;
  }

  /** One attempt; undefined when other content stands at the place. */
  async #attempt(segment: PendingSegment): Promise<StoredObject | undefined> {
    const { journal, stream, slots, store, stop, ref } = this.#context;
    const to = segment.firstSample + segment.samples;
    if (stream.durable(this.#track) < to) await journal.whenDurable();
    return await slots.run(async (memory) => {
      refuseStopped(stop);
      const file = memory.take(WAV_HEAD_BYTES + segment.samples * 2);
      const range = { from: segment.firstSample, to, memory: file.subarray(WAV_HEAD_BYTES) };
      const { pcm, damaged } = await this.#reading((attempt) =>
        readAudio(stream, this.#track, { ...range, attempt }),
      );
      // Whoever stopped it counts on it that no write begins any more, however long the disk took.
      refuseStopped(stop);
      const wav = segmentWav(segment.sampleRate, pcm, file);
      const place = this.#placeOf(segment);
      const entry = entryAt(ref, segment, { place, wav });
      const standing = await this.#watched(entry.key, putSegment(store, entry, wav));
      if (standing === undefined) return this.#keep(entry, { pcm, damaged });
      const own = await this.#reading((attempt) => ownAudio(stream, segment, { standing, attempt }));
      return own && this.#keep(entryAt(ref, own.segment, { place, wav: standing }), own);
    });
  }

  /** Only refused reads count against the disk: storage may be away for long while it is in order. */
  async #reading<T>(read: (attempt: number) => Promise<T>): Promise<T> {
    try {
      return await read(this.#refusedReads + 1);
    } catch (error) {
      this.#refusedReads += 1;
      throw error;
    }
  }

  #keep(entry: SegmentEntry, { pcm, damaged }: JournalAudio): StoredObject {
    this.#digester.add(entry.firstSample, pcm);
    return { entry, damaged };
  }

  async #watched<T>(key: string, writing: Promise<T>): Promise<T> {
    this.#unsettled.set(writing, key);
    try {
      return await writing;
    } finally {
      this.#unsettled.delete(writing);
    }
  }

  #placeOf(segment: PendingSegment): SegmentPlace {
    return { index: this.#index, firstSample: segment.firstSample + this.#shift };
  }

  /** Nothing is ever overwritten: the track goes on behind everything that storage holds of it. */
  async #relocate({ firstSample }: PendingSegment): Promise<void> {
    const { store, ref, log, stream, stop } = this.#context;
    await othersAreDone(this.#context, stream, stop);
    if (stop.stopped) return;
    const behind = await placeBehind(store, ref, this.#track);
    this.#index = Math.max(this.#index + 1, behind.index + RELOCATION_ROOM);
    this.#shift = Math.max(this.#shift, behind.firstSample - firstSample);
    this.#listener.relocated({ track: this.#track, from: firstSample, shift: this.#shift });
    log.warn(
      { session: ref.sessionId, track: this.#track, index: this.#index },
      'other audio stood where a segment belongs',
    );
  }

  #logFailure(error: unknown, attempt: number): void {
    if (!worthLogging(attempt)) return;
    const { log, ref } = this.#context;
    log.warn({ session: ref.sessionId, attempt, err: error }, 'a segment could not be stored; trying again');
  }
}

function refuseStopped({ stopped }: Stop): void {
  if (stopped) throw new Error('the archive was stopped');
}

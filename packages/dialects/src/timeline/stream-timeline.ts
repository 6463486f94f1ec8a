import { LIMITS, type TrackName } from '@earshot/protocol';
import type { DialectEvent } from '../model/events.ts';
import type { StreamFormat } from '../model/format.ts';
import type { Warnings } from '../model/warnings.ts';
import type { Arrival, Numbering } from './reorder-window.ts';
import { SampleOutlet } from './sample-outlet.ts';
import { type TrackFrame, type TrackPiece, TrackTimeline } from './track-timeline.ts';

/** Above this a sender's ms count from 1970, not from the start of its stream. */
const WALL_CLOCK_MS = 100_000_000_000;

/** What a stream timeline needs to know and whom to tell. */
export interface TimelineSetup {
  readonly format: StreamFormat;
  /** Whether samples may be views of the frames. */
  readonly inPlace: boolean;
  readonly numbering: Numbering;
  readonly warnings: Warnings;
  /** Called before the audio it applies to, at most once. */
  readonly correctByteOrder: (bigEndian: boolean, out: DialectEvent[]) => void;
}

/** The tracks of one open stream: frames in, audio and gaps out, each track in the order of its time. */
export class StreamTimeline {
  readonly #setup: TimelineSetup;
  readonly #outlet: SampleOutlet;
  readonly #tracks = new Map<TrackName, TrackTimeline>();
  readonly #pieces: TrackPiece[] = [];
  #clockOrigin: number | null = null;
  #oddBytes = 0;

  constructor(setup: TimelineSetup) {
    this.#setup = setup;
    this.#outlet = new SampleOutlet(setup, setup.correctByteOrder);
  }

  /** Bytes of unfinished samples given up so far. */
  get oddBytes(): number {
    return this.#oddBytes;
  }

  /** Takes one frame of a track; `unnumbered` frames of a track that counts are not taken. */
  take(name: TrackName, frame: TrackFrame, out: DialectEvent[]): Arrival | 'unnumbered' {
    const track = this.#track(name);
    const arrival = track.take(frame, this.#pieces);
    this.#release(track, out);
    return arrival;
  }

  /** Marks about so many bytes of a track as lost where no frame number will show the hole. */
  lose(name: TrackName, bytes: number, out: DialectEvent[]): void {
    const track = this.#track(name);
    const holeSamples = track.lose(bytes);
    this.#pieces.push({ holeSamples, bytes: new Uint8Array(0), timestampMs: null });
    this.#release(track, out);
  }

  /** Gives all that is held back anywhere. */
  flush(out: DialectEvent[]): void {
    for (const track of this.#tracks.values()) {
      track.flush(this.#pieces);
      this.#release(track, out);
    }
    this.#outlet.settle(out);
  }

  /** The sender begins to count anew: gives what is held, forgets numbers and clocks. */
  restart(out: DialectEvent[]): void {
    this.flush(out);
    for (const track of this.#tracks.values()) track.restart();
    this.#clockOrigin = null;
  }

  #track(name: TrackName): TrackTimeline {
    let track = this.#tracks.get(name);
    if (track === undefined) {
      track = new TrackTimeline(name, this.#setup.format, this.#setup.numbering);
      this.#tracks.set(name, track);
    }
    return track;
  }

  #release(track: TrackTimeline, out: DialectEvent[]): void {
    for (const piece of this.#pieces) {
      if (piece.holeSamples > 0) this.#tellGap(track.track, piece.holeSamples, out);
      if (piece.bytes.length === 0) continue;
      const timestampMs = piece.timestampMs === null ? null : this.#sinceStart(piece.timestampMs);
      this.#outlet.put({ type: 'coded', track: track.track, bytes: piece.bytes, timestampMs }, out);
    }
    // Not by its length, which would give up the array's memory for every frame.
    while (this.#pieces.length > 0) this.#pieces.pop();
    this.#oddBytes += track.takeDroppedBytes();
  }

  /** Holes are filled up to a cap: a wrong counter must not turn into hours of silence. */
  #tellGap(name: TrackName, samples: number, out: DialectEvent[]): void {
    const { format, warnings } = this.#setup;
    const cap = (LIMITS.maxGapFillMs * format.sampleRate) / 1000;
    if (samples > cap) {
      const details = { track: name, missingSamples: samples, filledSamples: cap };
      const message = 'More audio is missing than a gap may hold; later audio lies too early.';
      warnings.tell(out, { type: 'gap_capped', message, details });
    }
    for (const channel of format.channels) {
      const gap = {
        track: channel ?? name,
        samples: Math.min(samples, cap),
        reason: 'missing_frames',
      } as const;
      this.#outlet.put({ type: 'gap', ...gap }, out);
    }
  }

  #sinceStart(timestampMs: number): number {
    if (timestampMs < WALL_CLOCK_MS) return timestampMs;
    this.#clockOrigin ??= timestampMs;
    return Math.max(0, timestampMs - this.#clockOrigin);
  }
}

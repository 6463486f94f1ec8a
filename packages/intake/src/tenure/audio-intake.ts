import type { Cut } from '@earshot/audio';
import type { JournalStream } from '@earshot/journal';
import { EarshotError, type Gap, LIMITS, type TrackName } from '@earshot/protocol';
import type { TrackPosition } from '@earshot/sessions';
import type { Archive } from '../archive/archive.ts';
import type { IntakeContext } from '../context.ts';
import type { IntakeFrame, TrackStanding } from '../ports.ts';
import type { GapLedger } from '../record/gap-ledger.ts';
import { TrackLine } from './track-line.ts';

/** Raw frames of the protocol have this rate (stream audio, option A), Hz. */
const DEFAULT_RATE = 16_000;

export interface IntakeParts {
  readonly stream: JournalStream;
  readonly archive: Archive;
  readonly gaps: GapLedger;
  /** Where storage says that the tracks stand. */
  readonly tracks: readonly TrackPosition[];
  readonly onGap: (gap: Gap) => void;
}

/** Takes the frames of one session: journal first, then the search for a place to cut. */
export class AudioIntake {
  readonly #context: IntakeContext;
  readonly #parts: IntakeParts;
  readonly #lines = new Map<TrackName, TrackLine>();
  readonly #pendingGaps = new Map<TrackName, { samples: number; reason: Gap['reason'] }[]>();
  /** Where tracks go on that have no line yet, when that is not where storage stands. */
  readonly #jumps = new Map<TrackName, number>();
  #samples: number;

  constructor(context: IntakeContext, parts: IntakeParts) {
    this.#context = context;
    this.#parts = parts;
    this.#samples = parts.tracks.reduce((sum, track) => sum + track.nextSample, 0);
  }

  get lines(): readonly TrackLine[] {
    return [...this.#lines.values()];
  }

  lineOf(track: TrackName): TrackLine | undefined {
    return this.#lines.get(track);
  }

  /** Begins a line where a crash left it. */
  restore(line: TrackLine): void {
    this.#lines.set(line.track, line);
  }

  /** Takes audio that the journal holds already. */
  replay(line: TrackLine, samples: Int16Array): void {
    this.#samples += samples.length;
    for (const cut of line.push(samples)) this.#archive(line, cut);
  }

  /** Takes a frame; throws with nothing of it taken. */
  write(epoch: number, frame: IntakeFrame): TrackLine {
    const line = this.#lineFor(frame);
    this.#fillGaps(epoch, line);
    this.#count(frame.samples.length);
    const { samples, sampleRate, track } = frame;
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    this.#parts.stream.append({ epoch, track, sampleRate, from: line.position }, bytes);
    for (const cut of line.push(samples)) this.#archive(line, cut);
    return line;
  }

  /** Notes samples that never came; they take their place when the track's next frame arrives. */
  gap(track: TrackName, samples: number, reason: Gap['reason']): void {
    const pending = this.#pendingGaps.get(track) ?? [];
    pending.push({ samples, reason });
    this.#pendingGaps.set(track, pending);
  }

  /** True when the only track, or the main one, has a line that ends before a position. */
  isBehind(from: number): boolean {
    const [track, at] = this.#onlyTrack();
    return this.#lines.has(track) && from > at;
  }

  /**
   * The sender goes on at `from`, before the first frame here: the place in between is left open, since another node
   * may still come back with what belongs there. Tells the gap.
   */
  startFrom(from: number): Gap | undefined {
    const [track, at] = this.#onlyTrack();
    if (from <= at || this.#lines.has(track)) return undefined;
    this.#jumps.set(track, from);
    return { track, from: at, to: from, reason: 'interrupted' };
  }

  #onlyTrack(): [TrackName, number] {
    const standing = this.standing();
    const track = standing.length === 1 ? (standing[0]?.track ?? 'main') : 'main';
    return [track, standing.find((other) => other.track === track)?.received ?? 0];
  }

  /** Ends all pieces: what is left of each track goes to the archive. */
  flush(): void {
    for (const line of this.#lines.values()) {
      const tail = line.flush();
      if (tail !== undefined) this.#archive(line, tail);
    }
  }

  /** Where every track stands, the announced gaps counted. */
  standing(): TrackStanding[] {
    const stored = this.#parts.tracks.filter((track) => !this.#lines.has(track.track));
    const own = this.lines.map((line) => this.#standingOf(line));
    const all = [...own, ...stored.map((track) => this.#standingStored(track))];
    // A track that nothing is known of but where its sender wants to go on.
    const main = this.#jumps.get('main');
    if (all.length > 0 || main === undefined) return all;
    return [{ track: 'main', sampleRate: DEFAULT_RATE, received: main, durable: main, archived: 0 }];
  }

  #standingStored({ track, sampleRate, nextSample }: TrackPosition): TrackStanding {
    const at = this.#jumps.get(track) ?? nextSample;
    return {
      track,
      sampleRate,
      received: at + this.#announced(track),
      durable: at,
      archived: nextSample,
    };
  }

  #standingOf(line: TrackLine): TrackStanding {
    const { track, sampleRate, position, archived } = line;
    const durable = Math.max(archived, Math.min(position, this.#parts.stream.durable(track)));
    return { track, sampleRate, received: position + this.#announced(track), durable, archived };
  }

  #announced(track: TrackName): number {
    return (this.#pendingGaps.get(track) ?? []).reduce((sum, gap) => sum + gap.samples, 0);
  }

  #lineFor({ track, sampleRate }: IntakeFrame): TrackLine {
    const known = this.#lines.get(track);
    const earlier = this.#parts.tracks.find((other) => other.track === track);
    const expected = known?.sampleRate ?? earlier?.sampleRate ?? sampleRate;
    if (expected !== sampleRate) {
      throw new EarshotError('protocol_violation', {
        message: `Track "${track}" has ${expected} samples a second and cannot go on with ${sampleRate}.`,
        details: { track, sample_rate: sampleRate, expected },
      });
    }
    if (known !== undefined) return known;
    const stored = earlier?.nextSample ?? 0;
    const from = this.#jumps.get(track) ?? stored;
    const line = new TrackLine({ track, sampleRate, from }, this.#context.cut);
    this.#lines.set(track, line);
    const firstIndex = (earlier?.nextIndex ?? 0) + this.#roomFor((from - stored) / sampleRate);
    this.#parts.archive.start(track, { firstIndex, shift: 0, from });
    return line;
  }

  /** Indexes for segments that another node may still store in a hole of `seconds`. */
  #roomFor(seconds: number): number {
    const shortest = this.#context.cut.minSeconds ?? LIMITS.segmentMinSeconds;
    return seconds > 0 ? Math.ceil(seconds / shortest) + 1 : 0;
  }

  #fillGaps(epoch: number, line: TrackLine): void {
    const pending = this.#pendingGaps.get(line.track);
    if (pending === undefined) return;
    this.#pendingGaps.delete(line.track);
    for (const { samples, reason } of pending) {
      this.#count(samples);
      const gap = { track: line.track, from: line.position, to: line.position + samples, reason };
      this.#parts.gaps.add(gap);
      this.#parts.stream.skip({ ...gap, epoch, sampleRate: line.sampleRate });
      for (const cut of line.silence(samples)) this.#archive(line, cut);
      this.#parts.onGap(gap);
    }
  }

  #count(samples: number): void {
    if ((this.#samples + samples) * 2 > this.#context.limits.maxStreamBytes) {
      throw new EarshotError('payload_too_large', { message: 'The stream is longer than a session may be.' });
    }
    this.#samples += samples;
  }

  #archive({ track, sampleRate }: TrackLine, cut: Cut): void {
    this.#parts.archive.add({ track, sampleRate, ...cut });
  }
}

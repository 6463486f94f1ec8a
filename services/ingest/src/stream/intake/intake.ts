import type { CutSegment } from '@earshot/audio';
import type { AudioFrame } from '@earshot/dialects';
import {
  EarshotError,
  type Gap,
  type ProcessingIssue,
  type StreamRecord,
  type TrackName,
} from '@earshot/protocol';
import type { OpenedStream } from '@earshot/sessions';
import type { IntakeContext, LeaseHold, Transport } from '../context/ports.ts';
import { pendingSegment } from '../storing/segment-object.ts';
import { SegmentQueue } from '../storing/segment-queue.ts';
import { GapLedger } from './gap-ledger.ts';
import { RecordWriting } from './record-writing.ts';
import { coverageOf, inOrder, type StreamEnd, type StreamOutcome, WarningList } from './stream-end.ts';
import { TrackLine } from './track-line.ts';

/** Takes the audio of one connection, whatever brought it, and stores it as segments. */
export interface Intake {
  /** Samples taken on all tracks, silence in gaps not counted. */
  readonly receivedSamples: number;
  /**
   * Takes a frame. Returns a promise when too many bytes wait for storage: the caller pauses its source until
   * it resolves; it never rejects. Throws `protocol_violation` when a track changes its sample rate and
   * `payload_too_large` when the stream is longer than allowed; the frame is then not taken.
   */
  write(frame: AudioFrame): Promise<void> | undefined;
  /** Notes samples that never came; silence takes their place when the track's next frame arrives. */
  gap(track: TrackName, samples: number, reason: Gap['reason']): void;
  warn(issue: ProcessingIssue): void;
  /** Stores the tails and the connection's record; the first call decides, later ones get the same answer. */
  finish(end: StreamEnd): Promise<StreamOutcome>;
  /** Shortens a `finish` that is under way. */
  hasten(flushMs: number): void;
  /** Forgets everything not yet stored and writes no record: the session was erased. */
  discard(): Promise<void>;
}

/** A connection that its session has admitted. */
export interface Admitted {
  readonly opened: OpenedStream;
  readonly transport: Transport;
  readonly lease: LeaseHold;
}

/** Opens the intake of a connection. */
export function createIntake(context: IntakeContext, admitted: Admitted): Intake {
  return new StreamIntake(context, admitted);
}

class StreamIntake implements Intake {
  receivedSamples = 0;
  readonly #context: IntakeContext;
  readonly #opened: OpenedStream;
  readonly #transport: Transport;
  readonly #startedAt: string;
  readonly #lines = new Map<TrackName, TrackLine>();
  readonly #pendingGaps = new Map<TrackName, { samples: number; reason: Gap['reason'] }[]>();
  readonly #queue: SegmentQueue;
  readonly #gaps: GapLedger;
  readonly #warnings: WarningList;
  readonly #recordWriting: RecordWriting;
  #samples: number;
  #outcome: Promise<StreamOutcome> | undefined;

  constructor(context: IntakeContext, { opened, transport, lease }: Admitted) {
    this.#context = context;
    this.#opened = opened;
    this.#transport = transport;
    this.#startedAt = context.clock.now().toISOString();
    this.#gaps = new GapLedger(context.limits.maxStreamGaps);
    this.#warnings = new WarningList(context.limits.maxStreamWarnings);
    this.#recordWriting = new RecordWriting(context, lease);
    this.#samples = opened.tracks.reduce((sum, track) => sum + track.nextSample, 0);
    const firstIndex = new Map(opened.tracks.map(({ track, nextIndex }) => [track, nextIndex]));
    this.#queue = new SegmentQueue(context, opened.ref, firstIndex);
  }

  write(frame: AudioFrame): Promise<void> | undefined {
    const line = this.#lineOf(frame);
    this.#fillGaps(line);
    this.#count(frame.samples.length);
    this.receivedSamples += frame.samples.length;
    for (const cut of line.push(frame.samples)) this.#store(line, cut);
    return this.#queue.room();
  }

  gap(track: TrackName, samples: number, reason: Gap['reason']): void {
    const pending = this.#pendingGaps.get(track) ?? [];
    pending.push({ samples, reason });
    this.#pendingGaps.set(track, pending);
  }

  warn(issue: ProcessingIssue): void {
    this.#warnings.add(issue);
  }

  finish(end: StreamEnd): Promise<StreamOutcome> {
    this.#outcome ??= this.#finish(end);
    return this.#outcome;
  }

  hasten(flushMs: number): void {
    this.#queue.deadline.within(flushMs);
    this.#recordWriting.within(flushMs);
  }

  async discard(): Promise<void> {
    await this.#queue.erase();
  }

  #lineOf({ track, sampleRate }: AudioFrame): TrackLine {
    const known = this.#lines.get(track);
    const earlier = this.#opened.tracks.find((other) => other.track === track);
    const expected = known?.sampleRate ?? earlier?.sampleRate ?? sampleRate;
    if (expected !== sampleRate) {
      throw new EarshotError('protocol_violation', {
        message: `Track "${track}" has ${expected} samples a second and cannot go on with ${sampleRate}.`,
        details: { track, sample_rate: sampleRate, expected },
      });
    }
    if (known !== undefined) return known;
    const line = new TrackLine({ track, sampleRate, base: earlier?.nextSample ?? 0 }, this.#context.cut);
    this.#lines.set(track, line);
    return line;
  }

  #fillGaps(line: TrackLine): void {
    const pending = this.#pendingGaps.get(line.track);
    if (pending === undefined) return;
    this.#pendingGaps.delete(line.track);
    for (const { samples, reason } of pending) {
      this.#count(samples);
      this.#gaps.fill({ track: line.track, from: line.position, to: line.position + samples, reason });
      for (const cut of line.silence(samples)) this.#store(line, cut);
    }
  }

  #count(samples: number): void {
    if ((this.#samples + samples) * 2 > this.#context.limits.maxStreamBytes) {
      throw new EarshotError('payload_too_large', { message: 'The stream is longer than a session may be.' });
    }
    this.#samples += samples;
  }

  #store(line: TrackLine, cut: CutSegment): void {
    this.#queue.add(pendingSegment(line, cut));
  }

  async #finish(end: StreamEnd): Promise<StreamOutcome> {
    for (const line of this.#lines.values()) {
      const tail = line.flush();
      if (tail !== undefined) this.#store(line, tail);
    }
    this.#queue.fenced = end.closedBy === 'superseded';
    this.hasten(end.flushMs);
    await this.#queue.settle();
    const record = this.#recordOf(end);
    const recorded = await this.#recordWriting.write(this.#opened.ref, record);
    this.#context.metrics.streamClosed(this.#transport, record);
    return { record, safe: recorded && this.#queue.dropped.length === 0 };
  }

  #recordOf({ closedBy, format, stats }: StreamEnd): StreamRecord {
    const gaps = this.#gaps.placed(this.#queue.dropped, this.#queue.relocations);
    return {
      v: 1,
      epoch: this.#opened.epoch,
      transport: this.#transport,
      ...format,
      startedAt: this.#startedAt,
      endedAt: this.#context.clock.now().toISOString(),
      closedBy,
      ...stats,
      segments: inOrder(this.#queue.stored),
      gaps,
      coverage: coverageOf(this.#lines.values(), gaps),
      warnings: [...this.#warnings.all(), ...this.#queue.issues()],
    };
  }
}

import type { JournalStream, RecoveredStream } from '@earshot/journal';
import type { Gap, ProcessingIssue, SessionRef, TrackName } from '@earshot/protocol';
import { Archive } from '../archive/archive.ts';
import type { StoredSegment } from '../archive/segment-lane.ts';
import type { IntakeContext } from '../context.ts';
import type {
  ClosedBy,
  ConnectionEnd,
  ConnectionOutcome,
  HaltReason,
  IntakeFrame,
  TrackStanding,
  Transport,
} from '../ports.ts';
import { writeRecord } from '../record/record-writing.ts';
import { Stop, within } from '../time/waiting.ts';
import { AudioIntake } from './audio-intake.ts';
import { TenureBook } from './tenure-book.ts';
import { type ConnectionHome, TenureConnection } from './tenure-connection.ts';
import type { TenureStart } from './tenure-start.ts';
import { TrackQuality } from './track-quality.ts';

/**
 * `open`: takes audio, or waits for the next connection. `closing`: the tails are cut and on their way; a new
 * connection may still open it again. `recording`: the record is being written. `closed`: nothing is left to do.
 */
type Phase = 'open' | 'closing' | 'recording' | 'closed';

/** A renewal that takes longer has failed; nothing waits for it. */
const RENEWAL_WAIT_MS = 2000;

/** The time that a session's audio spends on this node: connections follow each other, the cutting goes on. */
export class Tenure implements ConnectionHome {
  readonly ref: SessionRef;
  readonly intake: AudioIntake;
  readonly archive: Archive;
  readonly book: TenureBook;
  /** Resolves when the tenure is over: true when everything is archived and recorded. */
  readonly done: Promise<boolean>;
  epoch: number;
  /** Its tracks have gone on elsewhere: once it closes, no connection may join any more. */
  isFinal = false;
  /** A record accounts for all its connections so far: without a claim, End would not wait for another one. */
  isOnRecord = false;
  connection: TenureConnection | undefined;
  readonly #context: IntakeContext;
  readonly #stream: JournalStream;
  readonly #quality: TrackQuality;
  readonly #stop = new Stop();
  /** The node lets go of it, be it erased or not. */
  readonly #abandoned = new Stop();
  #phase: Phase = 'open';
  #resolveDone: (archived: boolean) => void = () => undefined;
  #unpark: () => void = () => undefined;
  #recording: Promise<boolean> | undefined;
  /** Counts openings and closings: a close that was overtaken gives up. */
  #turn = 0;
  /** The lease renewal under way; the lease may be given back only behind it. */
  renewal: Promise<void> = Promise.resolve();

  constructor(context: IntakeContext, start: TenureStart) {
    const { stream, tracks } = start;
    this.#context = context;
    this.#stream = stream;
    this.ref = stream.ref;
    this.epoch = stream.epoch;
    this.book = new TenureBook(context, start, (issue) => this.connection?.warning(issue));
    this.archive = new Archive(context, { stream, relocations: this.book.relocations }, (stored) =>
      this.#release(stored),
    );
    this.intake = new AudioIntake(context, {
      stream,
      tracks,
      archive: this.archive,
      gaps: this.book.gaps,
      onGap: (gap) => {
        this.#quality.gap(gap);
        this.book.noteGap(gap);
      },
    });
    this.#quality = new TrackQuality(context.time, (issue) => this.warn(issue));
    this.done = new Promise((resolve) => {
      this.#resolveDone = resolve;
    });
  }

  /** True while a new connection may join; otherwise wait for `done`. */
  get isOpen(): boolean {
    return this.#phase === 'open' || (this.#phase === 'closing' && !this.isFinal);
  }

  /** A new connection takes the place of the one before, which may write no more. */
  attach(epoch: number, transport: Transport): TenureConnection {
    if (!this.isOpen) throw new Error('a tenure that is being recorded takes no connection');
    this.#unpark();
    this.#phase = 'open';
    this.#turn += 1;
    const older = this.connection;
    this.book.fromEpoch ??= epoch;
    this.epoch = epoch;
    this.isOnRecord = false;
    this.book.summary.joined(transport);
    this.connection = new TenureConnection(this, { epoch, transport });
    older?.halt('superseded', 0);
    this.#stream.begin(epoch, this.book.meta());
    this.#context.metrics.streamOpened(transport);
    return this.connection;
  }

  standing(): TrackStanding[] {
    return this.intake.standing();
  }

  write(frame: IntakeFrame): void {
    const line = this.intake.write(this.epoch, frame);
    this.#quality.take(line, frame.samples);
  }

  gap(track: TrackName, samples: number, reason: Gap['reason']): void {
    this.intake.gap(track, samples, reason);
  }

  warn(issue: ProcessingIssue): void {
    this.book.warn(issue);
  }

  room(): Promise<void> | undefined {
    return this.#context.journal.room();
  }

  whenDurable(): Promise<void> {
    return this.#context.journal.whenDurable();
  }

  /** A connection is over: after a stop or an End the tail is cut, else the session waits for the next one. */
  async detach(connection: TenureConnection, end: ConnectionEnd): Promise<ConnectionOutcome> {
    this.book.summary.left(end);
    if (connection === this.connection) {
      this.connection = undefined;
      if (end.closedBy === 'stop' || connection.halted === 'end') void this.close(end.closedBy);
      else this.park(end.closedBy);
    }
    const durable = await this.whenDurable().then(
      () => true,
      () => false,
    );
    const { archive } = this;
    const gaps = this.book.gaps.placed(archive.relocations);
    return {
      durable,
      gaps,
      get segments() {
        return archive.stored.length;
      },
    };
  }

  /** True when it has taken audio, and a sender goes on further than that. */
  isBehind(from: number): boolean {
    return this.intake.isBehind(from);
  }

  /** A sender that has nothing below `from` any more: what is missing becomes a gap. */
  startFrom(from: number | undefined): void {
    if (from === undefined) return;
    const gap = this.intake.startFrom(from);
    if (gap === undefined) return;
    this.book.gaps.add(gap);
    this.book.noteGap(gap);
  }

  /** Resolves when no connection feeds the tenure. */
  async disconnected(): Promise<void> {
    await (this.connection?.over ?? Promise.resolve());
  }

  /** Waits for the next connection, though not for ever. */
  park(closedBy: ClosedBy): void {
    if (this.#phase !== 'open') return;
    this.#unpark();
    const { time, limits } = this.#context;
    this.#unpark = time.after(limits.streamResumeMs, () => void this.close(closedBy));
  }

  async archived(ms: number): Promise<boolean> {
    return await within(this.#context.time, ms, { work: this.done, late: false });
  }

  /** Told by the session or the node; for a newer connection on another node there is `fence`. */
  halt(reason: HaltReason, flushMs: number): void {
    if (reason === 'erased') void this.discard();
    else if (this.connection !== undefined) this.connection.halt(reason, flushMs);
    else if (reason === 'end') void this.close('server');
  }

  /** Cuts the tails and sees everything into storage and on record. */
  async close(closedBy: ClosedBy): Promise<void> {
    if (this.#phase !== 'open') return;
    this.#unpark();
    this.#phase = 'closing';
    this.#turn += 1;
    const turn = this.#turn;
    // A connection that did not leave in time: what it sends now would be acknowledged and lie behind the tail.
    this.fence('failed');
    this.intake.flush();
    await this.archive.settle();
    // Overtaken by a connection that opened the tenure again, by an erasure, or by the end of the process.
    if (this.#turn !== turn || this.#isStopped()) return;
    this.#phase = 'recording';
    await within(this.#context.time, RENEWAL_WAIT_MS, { work: this.renewal, late: undefined });
    if (this.#isStopped()) return;
    const { epoch, archive } = this;
    const endedAt = this.#context.time.now();
    const record = this.book.record({ epoch, closedBy, endedAt, archive, lines: this.intake.lines });
    this.#recording = writeRecord(this.#context, this.ref, { record, stop: this.#abandoned });
    const written = await this.#recording;
    if (!written || this.archive.stopped) return;
    this.#inJournal(() => this.#stream.close());
    this.#context.metrics.streamClosed(this.book.summary.transport, record);
    this.#end(true);
  }

  /** Its connection may write no more. */
  fence(reason: 'superseded' | 'failed'): void {
    const { connection } = this;
    this.connection = undefined;
    connection?.halt(reason, 0);
  }

  /** Stops here, and gives back what the journal holds, so that it can be compared with storage. */
  async retire(): Promise<RecoveredStream> {
    this.fence('superseded');
    this.abandon();
    await this.archive.quiet();
    return { stream: this.#stream, meta: this.book.meta(), damaged: [], endInDoubt: false };
  }

  /** Leaves what is not stored to the journal and the next start. */
  abandon(): void {
    this.#abandoned.stop();
    if (this.#phase === 'closed') return;
    this.#unpark();
    this.#stop.stop();
    this.archive.stop();
    this.#end(false);
  }

  /** Forgets and overwrites everything: the session was erased. */
  async discard(): Promise<void> {
    if (this.#phase === 'closed') return;
    this.#unpark();
    this.#phase = 'closed';
    this.#stop.stop();
    const { connection } = this;
    connection?.halt('erased', 0);
    this.connection = undefined;
    try {
      // Writes under way take effect behind the erasure, and a record then takes away what it finds. The journal knows of
      // them until they are settled, so that the next start takes away what a kill left.
      const [audio, record = true] = await Promise.all([
        this.archive.erase(this.#abandoned),
        this.#recording,
      ]);
      if (audio && record) await this.#stream.erase();
    } catch (error) {
      const session = this.ref.sessionId;
      this.#context.log.error({ session, err: error }, 'audio of an erased session may have stayed');
    }
    this.#end(true);
  }

  #isStopped(): boolean {
    return this.#stop.stopped;
  }

  #end(archived: boolean): void {
    this.#phase = 'closed';
    this.#resolveDone(archived);
  }

  #release({ entry, segment, damaged }: StoredSegment): void {
    const { track, firstSample, samples } = segment;
    this.book.noteDamage(segment, damaged);
    this.#inJournal(() => {
      this.book.keepGaps();
      this.#stream.release(track, firstSample + samples);
    });
    const line = this.intake.lineOf(track);
    if (line !== undefined) line.archived = firstSample + samples;
    if (entry !== undefined) this.connection?.segment(entry);
    this.connection?.progress();
  }

  /** Gives up a place in the journal; a journal that can be written no more keeps it, and nothing is lost by that. */
  #inJournal(giveUp: () => void): void {
    try {
      giveUp();
    } catch (error) {
      const session = this.ref.sessionId;
      this.#context.log.warn({ session, err: error }, 'archived audio could not be released');
    }
  }
}

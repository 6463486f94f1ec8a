import type {
  Connection,
  ConnectionEnd,
  ConnectionListener,
  ConnectionOutcome,
  HaltReason,
  IntakeFrame,
  TrackStanding,
} from '@earshot/intake';
import { EarshotError, type Gap, type ProcessingIssue, type TrackName } from '@earshot/protocol';
import type { MemoryStream } from './memory-stream.ts';

/** One connection of a stream in memory. */
export class MemoryConnection implements Connection {
  readonly epoch: number;
  receivedSamples = 0;
  listener: ConnectionListener | undefined;
  ended: ConnectionEnd | undefined;
  readonly #stream: MemoryStream;
  #halt: { reason: HaltReason; flushMs: number } | undefined;

  constructor(stream: MemoryStream, epoch: number) {
    this.#stream = stream;
    this.epoch = epoch;
  }

  get ref(): Connection['ref'] {
    return this.#stream.ref;
  }

  begin(listener: ConnectionListener): void {
    this.listener = listener;
    if (this.#halt !== undefined) listener.halt(this.#halt.reason, this.#halt.flushMs);
  }

  standing(): TrackStanding[] {
    return this.#stream.standing();
  }

  write(frame: IntakeFrame): void {
    if (this.#stream.connection !== this) throw new EarshotError('stream_superseded');
    this.#stream.append(frame);
    this.receivedSamples += frame.samples.length;
  }

  gap(track: TrackName, samples: number, reason: Gap['reason']): void {
    this.#stream.gaps.push({ track, from: 0, to: samples, reason });
  }

  warn(issue: ProcessingIssue): void {
    this.#stream.warnings.push(issue);
    this.listener?.warning(issue);
  }

  room(): Promise<void> | undefined {
    return this.#stream.host.room;
  }

  durable(): Promise<void> {
    return this.#stream.host.commit.durable();
  }

  async finish(end: ConnectionEnd): Promise<ConnectionOutcome> {
    if (this.ended === undefined) {
      this.ended = end;
      this.#stream.ended(this, end);
    }
    const durable = await this.durable().then(
      () => true,
      () => false,
    );
    const stream = this.#stream;
    return {
      durable,
      gaps: stream.gaps,
      get segments() {
        return stream.segments;
      },
    };
  }

  async archived(): Promise<boolean> {
    await Promise.resolve();
    this.#stream.segments = 1;
    return true;
  }

  halt(reason: HaltReason, flushMs: number): void {
    if (this.listener === undefined) this.#halt = { reason, flushMs };
    else this.listener.halt(reason, flushMs);
  }
}

import {
  EarshotError,
  type Gap,
  type ProcessingIssue,
  type SegmentEntry,
  type TrackName,
} from '@earshot/protocol';
import type {
  Connection,
  ConnectionEnd,
  ConnectionListener,
  ConnectionOutcome,
  HaltReason,
  IntakeFrame,
  TrackStanding,
  Transport,
} from '../ports.ts';

/** What a connection needs of its tenure. */
export interface ConnectionHome {
  readonly ref: Connection['ref'];
  /** The connection that may write; all others are fenced. */
  readonly connection: TenureConnection | undefined;
  standing(): TrackStanding[];
  write(frame: IntakeFrame): void;
  gap(track: TrackName, samples: number, reason: Gap['reason']): void;
  warn(issue: ProcessingIssue): void;
  room(): Promise<void> | undefined;
  whenDurable(): Promise<void>;
  detach(connection: TenureConnection, end: ConnectionEnd): Promise<ConnectionOutcome>;
  archived(ms: number): Promise<boolean>;
}

/** One of the connections that follow each other in a tenure. */
export class TenureConnection implements Connection {
  readonly epoch: number;
  readonly transport: Transport;
  receivedSamples = 0;
  /** Resolves when the connection has finished. */
  readonly over: Promise<void>;
  #leave: () => void = () => undefined;
  readonly #tenure: ConnectionHome;
  #listener: ConnectionListener | undefined;
  #missed: { reason: HaltReason; flushMs: number } | undefined;
  readonly #missedWarnings: ProcessingIssue[] = [];
  #halted: HaltReason | undefined;
  #outcome: Promise<ConnectionOutcome> | undefined;

  constructor(tenure: ConnectionHome, { epoch, transport }: { epoch: number; transport: Transport }) {
    this.#tenure = tenure;
    this.epoch = epoch;
    this.transport = transport;
    this.over = new Promise((resolve) => {
      this.#leave = resolve;
    });
  }

  get ref(): Connection['ref'] {
    return this.#tenure.ref;
  }

  /** Why it was told to stop, if it was. */
  get halted(): HaltReason | undefined {
    return this.#halted;
  }

  begin(listener: ConnectionListener): void {
    this.#listener = listener;
    for (const issue of this.#missedWarnings.splice(0)) listener.warning(issue);
    if (this.#missed !== undefined) listener.halt(this.#missed.reason, this.#missed.flushMs);
    this.#missed = undefined;
  }

  standing(): TrackStanding[] {
    return this.#tenure.standing();
  }

  write(frame: IntakeFrame): void {
    this.#refuseFenced();
    this.#tenure.write(frame);
    this.receivedSamples += frame.samples.length;
  }

  gap(track: TrackName, samples: number, reason: Gap['reason']): void {
    if (!this.#isFenced()) this.#tenure.gap(track, samples, reason);
  }

  warn(issue: ProcessingIssue): void {
    this.#tenure.warn(issue);
  }

  room(): Promise<void> | undefined {
    return this.#tenure.room();
  }

  durable(): Promise<void> {
    return this.#tenure.whenDurable();
  }

  finish(end: ConnectionEnd): Promise<ConnectionOutcome> {
    this.#outcome ??= this.#tenure.detach(this, end).finally(() => this.#leave());
    return this.#outcome;
  }

  archived(ms: number): Promise<boolean> {
    return this.#tenure.archived(ms);
  }

  /** Tells the connection to stop; a later reason that weighs more replaces an earlier one. */
  halt(reason: HaltReason, flushMs: number): void {
    if (this.#halted === 'erased' || this.#halted === 'superseded') return;
    this.#halted = reason;
    if (this.#listener === undefined) this.#missed = { reason, flushMs };
    else this.#listener.halt(reason, flushMs);
  }

  progress(): void {
    this.#listener?.progress();
  }

  segment(entry: SegmentEntry): void {
    this.#listener?.segment(entry);
  }

  warning(issue: ProcessingIssue): void {
    if (this.#listener === undefined) this.#missedWarnings.push(issue);
    else this.#listener.warning(issue);
  }

  tick(elapsedMs: number): void {
    this.#listener?.tick(elapsedMs);
  }

  #isFenced(): boolean {
    return this.#outcome !== undefined || this.#tenure.connection !== this;
  }

  #refuseFenced(): void {
    if (this.#halted === 'erased') throw new EarshotError('session_not_found');
    if (this.#isFenced()) throw new EarshotError('stream_superseded');
  }
}

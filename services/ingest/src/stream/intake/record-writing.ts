import type { SessionRef, StreamRecord } from '@earshot/protocol';
import { Deadline } from '../context/deadline.ts';
import type { IntakeContext, LeaseHold } from '../context/ports.ts';
import { backOff, worthLogging } from '../context/retry.ts';

/** The record is offered to storage for at least this long, so that audio given up on is still accounted for, ms. */
const LEAST_MS = 2000;

/** Closes a stream in its session: writes the record, again and again until the deadline. */
export class RecordWriting {
  readonly #deadline = new Deadline();
  readonly #context: Pick<IntakeContext, 'sessions' | 'log'>;
  readonly #lease: LeaseHold;

  constructor(context: Pick<IntakeContext, 'sessions' | 'log'>, lease: LeaseHold) {
    this.#context = context;
    this.#lease = lease;
  }

  /** Ends the attempts in `ms`, though never before the least time. */
  within(ms: number): void {
    this.#deadline.within(ms + LEAST_MS);
  }

  /** False when the record could not be written before the deadline. */
  async write(ref: SessionRef, record: StreamRecord): Promise<boolean> {
    for (let attempt = 1; !this.#deadline.hasPassed(); attempt += 1) {
      try {
        await this.#lease.suspend();
        await this.#deadline.bound(this.#context.sessions.closeStream(ref, record));
        this.#deadline.clear();
        return true;
      } catch (error) {
        const fields = { session: ref.sessionId, epoch: record.epoch, attempt, err: error };
        if (worthLogging(attempt)) this.#context.log.error(fields, 'a stream record could not be stored');
        this.#lease.resume();
        await backOff(attempt, this.#deadline.signal);
      }
    }
    return false;
  }
}

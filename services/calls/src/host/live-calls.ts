import { type CallRecord, EarshotError } from '@earshot/protocol';
import type { CallHandle } from '../ports.ts';
import type { CallBook } from './book/call-book.ts';
import { Endings } from './book/endings.ts';
import type { CallEvent } from './call-event.ts';
import { createHandle } from './handle.ts';
import type { CallHostDeps } from './host-deps.ts';
import { LiveCall } from './live-call.ts';
import { Recorder } from './sound/recorder.ts';
import { startTicker, type Ticker } from './sound/ticker.ts';

/** How often calls are looked at for what is overdue, ms. */
const LOOK_MS = 250;
/** A look that comes this late says that the process was held up itself, and could hear nobody; ms. */
const STALL_MS = 5000;
/** How often the index is told again how live calls stand, ms. */
const HOLD_MS = 5000;

/** The calls that this process carries: one clock, one look at what is overdue, one way to end for all of them. */
export class LiveCalls {
  readonly #deps: CallHostDeps;
  readonly #book: CallBook;
  readonly #endings: Endings;
  readonly #calls = new Map<string, LiveCall>();
  #ticker: Ticker | undefined;
  #timers: NodeJS.Timeout[] = [];
  #closing = false;
  #lookedMs = performance.now();
  #onEnded: (callId: string) => void = () => undefined;

  constructor(deps: CallHostDeps, book: CallBook) {
    this.#deps = deps;
    this.#book = book;
    this.#endings = new Endings(deps, book, (callId) => this.#calls.delete(callId));
  }

  get count(): number {
    return this.#calls.size;
  }

  get skippedTicks(): number {
    return this.#ticker?.skipped ?? 0;
  }

  get(callId: string): LiveCall | undefined {
    return this.#calls.get(callId);
  }

  onEnded(listener: (callId: string) => void): void {
    this.#onEnded = listener;
  }

  start(): void {
    this.#ticker = startTicker(() => this.#each((call) => call.tick()));
    this.#timers = [setInterval(() => this.#look(), LOOK_MS), setInterval(() => this.#holdAll(), HOLD_MS)];
  }

  /** Ends calls on record that nobody carries any more. */
  async reconcile(): Promise<void> {
    await this.#endings.reconcile((callId) => this.#calls.has(callId));
  }

  /** Ends every call and waits until their audio is durable here, within `deadlineMs`. */
  async close(deadlineMs: number): Promise<void> {
    this.#closing = true;
    this.#each((call) => call.end('shutdown'));
    await this.#endings.settled(deadlineMs);
    this.stop();
  }

  /** Stops the clock. Calls that have not ended stay on record as they are; the next start ends them. */
  stop(): void {
    this.#ticker?.stop();
    for (const timer of this.#timers) clearInterval(timer);
    this.#endings.stop();
  }

  /** Takes a call up and puts it on record, in this order, so that no pass of `reconcile` takes it for lost. */
  async begin(record: CallRecord): Promise<LiveCall> {
    if (this.#isClosing()) throw new EarshotError('shutting_down');
    if (this.#calls.size >= this.#deps.maxCalls) {
      throw new EarshotError('service_unavailable', {
        message: 'This server carries as many calls as it can.',
      });
    }
    const call = new LiveCall(record, {
      elapsedMs: () => performance.now(),
      now: () => new Date(),
      announce: (of, event) => this.#announce(of, event),
      changed: (of) => void this.#book.hold(of.record, of.status()),
      connected: (of) => this.#record(of),
      ended: (of) => {
        this.#endings.add(of);
        this.#onEnded(of.record.callId);
      },
    });
    this.#calls.set(record.callId, call);
    try {
      await this.#book.begin(record);
      // It ended meanwhile, by a shutdown or because this took too long: the carrier must not hear of it.
      if (call.state === 'ended') {
        throw new EarshotError(this.#isClosing() ? 'shutting_down' : 'service_unavailable');
      }
    } catch (error) {
      this.#calls.delete(record.callId);
      throw error;
    }
    return call;
  }

  handleOf(call: LiveCall): CallHandle {
    return createHandle(call, {
      name: (externalCallId) => this.#book.name(call.record, externalCallId),
      log: this.#deps.log,
    });
  }

  /** Opens the session that keeps the call's audio. */
  #record(call: LiveCall): Recorder | undefined {
    const { tenant, sessionId, callId } = call.record;
    if (sessionId === null) return undefined;
    return new Recorder({
      intake: this.#deps.intake,
      ref: { tenant, sessionId },
      create: () => this.#deps.createSession(call.record),
      callId,
      onProblem: (reason, error) => {
        this.#deps.log.error({ call: callId, err: error }, reason);
        call.event({
          type: 'call.warning',
          nonce: 'recording',
          data: { warning: 'recording', message: reason },
        });
      },
    });
  }

  #announce(call: LiveCall, event: CallEvent): void {
    const { record, externalCallId, state } = call;
    const end = state === 'ended' ? call.ended() : undefined;
    this.#deps.announce({
      type: event.type,
      tenant: record.tenant,
      lineId: record.lineId,
      callId: record.callId,
      ...(event.nonce === undefined ? {} : { nonce: event.nonce }),
      data: {
        callId: record.callId,
        externalCallId,
        direction: record.direction,
        peer: record.peer,
        state,
        muted: call.muted,
        callbackData: record.callbackData,
        ...(end === undefined ? {} : { reason: end.reason, durationMs: end.durationMs }),
        ...event.data,
      },
    });
  }

  /** A fault in one call ends that call; the others and their clock go on. */
  #each(work: (call: LiveCall) => void): void {
    for (const call of this.#calls.values()) {
      try {
        work(call);
      } catch (error) {
        this.#giveUp(call, error);
      }
    }
  }

  #giveUp(call: LiveCall, error: unknown): void {
    const { callId } = call.record;
    this.#deps.log.error({ call: callId, err: error }, 'a call failed');
    try {
      call.end('failed');
    } catch (again) {
      this.#deps.log.error({ call: callId, err: again }, 'a call that failed could not let go of everything');
    }
  }

  #isClosing(): boolean {
    return this.#closing;
  }

  #look(): void {
    const nowMs = performance.now();
    const stoodStill = nowMs - this.#lookedMs > STALL_MS;
    this.#lookedMs = nowMs;
    this.#each((call) => call.expire(stoodStill));
  }

  /** Says until when each call was there, which is all that is left of its length after a crash. */
  #holdAll(): void {
    const updatedAt = new Date().toISOString();
    for (const call of this.#calls.values()) {
      if (call.state !== 'ended') void this.#book.hold(call.record, { ...call.status(), updatedAt });
    }
  }
}

import type { JournalState, JournalStream, Recovery } from '@earshot/journal';
import { EarshotError, LIMITS, type SessionRef, type StreamClaim } from '@earshot/protocol';
import type { StreamNotice } from '@earshot/sessions';
import { createStorageSlots } from '../archive/storage-slots.ts';
import type { CutSettings, IntakeContext } from '../context.ts';
import type {
  Connection,
  HaltReason,
  IntakeHost,
  IntakeLimits,
  OpenOptions,
  TrackStanding,
} from '../ports.ts';
import { UNKNOWN_FORMAT } from '../record/stream-record.ts';
import { Recoveries } from '../recovery/recoveries.ts';
import { Tenure } from '../tenure/tenure.ts';
import { systemTime } from '../time/system-time.ts';
import { within } from '../time/waiting.ts';
import { Leases } from './leases.ts';
import { Leftovers } from './leftovers.ts';
import { nameOf, Openings } from './openings.ts';
import { Takeovers } from './takeovers.ts';

export interface IntakeHostDeps
  extends Pick<IntakeContext, 'journal' | 'sessions' | 'index' | 'store' | 'log' | 'metrics' | 'node'> {
  /** What the journal found when it was opened. */
  readonly recovery: Recovery;
  readonly time?: IntakeContext['time'];
  readonly limits?: Partial<IntakeLimits>;
  readonly cut?: CutSettings;
}

/** How long a plain client's new connection waits for the tail on another node, and one that can resend; ms. */
const PATIENCE_MS = { plain: 5000, resending: 20_000 };
/** A tenure whose record is being written makes a new connection wait this long, ms. */
const CLOSING_WAIT_MS = 10_000;
/** Shares of a shutdown: connections drain, then storage takes what it can. */
const DRAIN_SHARE = 0.4;

export function createIntakeHost(deps: IntakeHostDeps): IntakeHost {
  return new NodeIntake(deps);
}

class NodeIntake implements IntakeHost {
  readonly #context: IntakeContext;
  readonly #tenures = new Map<string, Tenure>();
  readonly #openings = new Openings();
  readonly #leases: Leases;
  readonly #recoveries: Recoveries;
  readonly #takeovers: Takeovers;
  readonly #leftovers: Leftovers;
  #opening = 0;
  #closing = false;

  constructor(deps: IntakeHostDeps) {
    const { recovery, time = systemTime, limits = {}, cut = {}, ...rest } = deps;
    const slots = createStorageSlots(limits.maxConcurrentPuts ?? LIMITS.maxConcurrentPuts);
    this.#context = { ...rest, time, cut, slots, limits: { ...LIMITS, ...limits } };
    this.#leases = new Leases(this.#context, () => this.#tenures.values(), {
      isClaimed: (tenure) => this.#openings.has(tenure.ref),
      lost: (tenure) => void this.#takeovers.handOver(tenure),
    });
    this.#recoveries = new Recoveries(this.#context, recovery, (tenure) => this.#keep(tenure));
    this.#takeovers = new Takeovers(this.#context, this.#recoveries, (tenure) => this.#forget(tenure));
    this.#leftovers = new Leftovers(this.#context);
    deps.index.onStreamNotice((notice) => this.#notify(notice));
    deps.journal.onCommit((streams) => this.#committed(streams));
    deps.journal.onState((state) => this.#journalChanged(state));
  }

  get liveCount(): number {
    let live = this.#opening;
    for (const tenure of this.#tenures.values()) if (tenure.connection !== undefined) live += 1;
    return live;
  }

  get backlogBytes(): number {
    return this.#context.slots.backlogBytes;
  }

  async open(ref: SessionRef, options: OpenOptions): Promise<Connection> {
    this.#refuseWithoutRoom(ref);
    this.#opening += 1;
    this.#openings.begin(ref);
    try {
      return await this.#open(ref, options);
    } finally {
      this.#openings.end(ref);
      this.#opening -= 1;
    }
  }

  async standing(ref: SessionRef): Promise<TrackStanding[]> {
    await this.#recoveries.begun(ref);
    const tenure = this.#tenures.get(nameOf(ref));
    if (tenure?.isOpen === true) {
      await tenure.whenDurable();
      return tenure.standing();
    }
    // Another node may hold audio of it: taking the session over makes that node store it.
    const connection = await this.open(ref, { transport: 'http' });
    const standing = connection.standing();
    const stats = { frames: 0, malformedFrames: 0, duplicateFrames: 0, reorderedFrames: 0, oddBytes: 0 };
    await connection.finish({ closedBy: 'client', format: UNKNOWN_FORMAT, stats });
    return standing;
  }

  async recover(): Promise<void> {
    await this.#recoveries.run();
  }

  async close(deadlineMs: number): Promise<void> {
    this.#closing = true;
    const { time } = this.#context;
    const startedMs = time.elapsedMs();
    const left = (): number => Math.max(0, deadlineMs - (time.elapsedMs() - startedMs));
    const tenures = [...this.#tenures.values()];
    for (const tenure of tenures) tenure.halt('shutdown', deadlineMs * DRAIN_SHARE);
    const drained = Promise.all(tenures.map((tenure) => tenure.disconnected()));
    await within(time, deadlineMs * DRAIN_SHARE, { work: drained, late: undefined });
    for (const tenure of this.#tenures.values()) void tenure.close('server');
    const done = Promise.all([...this.#tenures.values()].map((tenure) => tenure.done));
    await within(time, left(), { work: done, late: undefined });
    for (const tenure of this.#tenures.values()) tenure.abandon();
    this.#recoveries.stop();
    this.#leases.stop();
    this.#leftovers.stop();
  }

  #refuseWithoutRoom(ref: SessionRef): void {
    const { journal, limits } = this.#context;
    if (this.#closing) throw new EarshotError('shutting_down');
    if (journal.state === 'failed') throw new EarshotError('service_unavailable');
    const known = this.#tenures.get(nameOf(ref));
    if (journal.state === 'full' || (journal.state === 'low' && known === undefined))
      throw new EarshotError('insufficient_storage');
    // A connection that takes the place of another needs no room of its own.
    if (known?.connection !== undefined || this.liveCount < limits.maxLiveStreams) return;
    throw new EarshotError('service_unavailable', {
      message: 'This server feeds as many streams as it can.',
    });
  }

  async #open(ref: SessionRef, options: OpenOptions): Promise<Connection> {
    const { sessions, node } = this.#context;
    await this.#recoveries.begun(ref);
    const known = this.#tenures.get(nameOf(ref));
    const patienceMs = options.from === undefined ? PATIENCE_MS.plain : PATIENCE_MS.resending;
    const resuming = known?.isOpen === true && !known.isOnRecord;
    const left = (claim: StreamClaim): void => this.#leftovers.add(ref, claim);
    const claim = { node, above: known?.epoch ?? 0, patienceMs, resuming, left };
    const { epoch } = await sessions.claimStream(ref, claim);
    try {
      return await this.#openings.inTurn(ref, () => this.#join(ref, { ...options, epoch }));
    } catch (error) {
      // Nobody must wait for a connection that never came about.
      if (!this.#tenures.has(nameOf(ref))) void this.#disclaim(ref, epoch);
      throw error;
    }
  }

  async #join(ref: SessionRef, options: OpenOptions & { epoch: number }): Promise<Connection> {
    const { epoch, transport, from } = options;
    const known = this.#tenures.get(nameOf(ref));
    if (known?.isOpen === true && (await this.#takeovers.isStale(known, epoch))) {
      await this.#takeovers.retake(known);
    }
    await this.#recoveries.finished(ref);
    let tenure = await this.#tenureFor(ref, options);
    // It may have been closed while it was waited for, be it for a moment only.
    while (!tenure.isOpen) tenure = await this.#tenureFor(ref, options);
    if (this.#closing) throw new EarshotError('shutting_down');
    if (tenure.epoch >= epoch) throw new EarshotError('stream_superseded');
    const connection = tenure.attach(epoch, transport);
    this.#keep(tenure);
    tenure.startFrom(from);
    for (const notice of this.#openings.noticesFor(ref, epoch)) this.#pass(notice, tenure);
    this.#context.log.info({ session: ref.sessionId, epoch }, 'stream opened');
    return connection;
  }

  async #tenureFor(ref: SessionRef, { transport, from = 0 }: OpenOptions): Promise<Tenure> {
    const { journal, sessions, time } = this.#context;
    const known = this.#tenures.get(nameOf(ref));
    if (known?.isOpen === true) {
      if (!known.isBehind(from)) return known;
      // What lies between may be on another node: the place is left open, and the stream begins anew behind it.
      known.isFinal = true;
      void known.close('client');
    }
    if (known !== undefined && !(await known.archived(CLOSING_WAIT_MS)) && this.#tenures.has(nameOf(ref)))
      throw new EarshotError('service_unavailable');
    const { tracks } = await sessions.standing(ref);
    const startedAt = time.now().toISOString();
    return new Tenure(this.#context, { stream: journal.stream(ref), tracks, startedAt, transport });
  }

  /** A notice for a session that is not here, or is being taken up just now. */
  async #answerLate(notice: StreamNotice): Promise<void> {
    await this.#recoveries.settled(notice.ref);
    const tenure = this.#tenures.get(nameOf(notice.ref));
    if (tenure === undefined) await this.#disclaim(notice.ref, notice.epoch);
    else this.#pass(notice, tenure);
  }

  /** Says that this node holds nothing of a session up to an epoch. */
  async #disclaim(ref: SessionRef, epoch: number): Promise<void> {
    try {
      await this.#recoveries.settled(ref);
      if (this.#closing || this.#tenures.has(nameOf(ref)) || this.#openings.isBusy(ref)) return;
      await this.#context.sessions.disclaim(ref, { node: this.#context.node, epoch });
    } catch (error) {
      this.#context.log.warn({ session: ref.sessionId, err: error }, 'a claim could not be given back');
    }
  }

  #keep(tenure: Tenure): Tenure {
    const name = nameOf(tenure.ref);
    if (this.#tenures.get(name) === tenure) return tenure;
    this.#tenures.set(name, tenure);
    this.#leases.start();
    void tenure.done.then(() => this.#forget(tenure));
    return tenure;
  }

  #forget(tenure: Tenure): void {
    const name = nameOf(tenure.ref);
    if (this.#tenures.get(name) === tenure) this.#tenures.delete(name);
  }

  #notify(notice: StreamNotice): void {
    this.#openings.notice(notice);
    const tenure = this.#tenures.get(nameOf(notice.ref));
    if (tenure !== undefined) this.#pass(notice, tenure);
    else if (!this.#openings.has(notice.ref)) void this.#answerLate(notice);
  }

  #pass({ reason, epoch }: StreamNotice, tenure: Tenure): void {
    // An End or an erasure is for the whole session, whatever epoch it knew of.
    if (reason === 'superseded') {
      if (tenure.epoch <= epoch) void this.#takeovers.handOver(tenure);
      return;
    }
    tenure.halt(reason, this.#context.limits.streamFlushMs);
  }

  #committed(streams: ReadonlySet<JournalStream>): void {
    for (const { ref } of streams) this.#tenures.get(nameOf(ref))?.connection?.progress();
  }

  #journalChanged(state: JournalState): void {
    if (state !== 'full' && state !== 'failed') return;
    const reason: HaltReason = state === 'full' ? 'no_room' : 'failed';
    for (const tenure of this.#tenures.values()) tenure.halt(reason, this.#context.limits.streamFlushMs);
  }
}

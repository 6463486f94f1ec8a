import type { Journal, JournalSettings, OpenJournal, Recovery } from '@earshot/journal';
import type { TrackName } from '@earshot/protocol';
import { type Random, seededRandom } from '../../runner/random.ts';
import type { SessionClaim } from '../oracle/claims.ts';
import type { Verdict } from '../oracle/verdict.ts';
import type { SimulatedDisk } from '../simulated-disk.ts';
import { LiveSession } from './live-session.ts';
import { SteppedTime } from './stepped-time.ts';

/** Small files and batches, so that a short script rotates, fills and frees several files. */
export const SMALL_JOURNAL: JournalSettings = {
  durability: 'fsync',
  commitMs: 5,
  commitBytes: 4_096,
  fileBytes: 24_000,
  reserveBytes: 4_096,
  lowWaterBytes: 2_048,
  maxUnsyncedBytes: 32_768,
};

const TRACKS: readonly (readonly TrackName[])[] = [['main'], ['inbound', 'outbound']];

/** A journal on a simulated disk, and what it told. */
export interface OpenedJournal {
  readonly journal: Journal;
  readonly recovery: Recovery;
  readonly time: SteppedTime;
  /** Errors given to `onFailure`. */
  readonly failures: readonly Error[];
}

export interface OpenOptions {
  readonly settings?: JournalSettings;
  /** The disk's own time, when it has one. */
  readonly time?: SteppedTime;
}

/** Opens a journal with time that passes only when waited for; rejects as `openJournal` does. */
export async function openOn(
  disk: SimulatedDisk,
  open: OpenJournal,
  { settings = SMALL_JOURNAL, time = new SteppedTime() }: OpenOptions = {},
): Promise<OpenedJournal> {
  const failures: Error[] = [];
  const random = seededRandom(disk.seed).fork('secrets');
  const deps = {
    disk,
    time,
    settings,
    randomBytes: (count: number) => Uint8Array.from({ length: count }, () => random.between(0, 255)),
    onFailure: (error: Error) => failures.push(error),
  };
  const { journal, recovery } = await time.wait(open(deps));
  return { journal, recovery, time, failures };
}

/**
 * A canonical life of a node: sessions of one and two tracks come, feed, skip, change writers, are read, released,
 * closed and erased, while files fill and go. The seed decides everything.
 */
export class JournalScript {
  readonly opened: OpenedJournal;
  /** Calls of the journal that failed; allowed only where the disk was told to fail. */
  readonly refusals: string[] = [];
  /** True once the journal was told to close, and had not failed before. */
  closed = false;
  readonly #random: Random;
  readonly #verdict: Verdict;
  readonly #sessions: LiveSession[] = [];
  readonly #pending: Promise<unknown>[] = [];

  constructor(opened: OpenedJournal, seed: number, verdict: Verdict) {
    this.opened = opened;
    this.#random = seededRandom(seed);
    this.#verdict = verdict;
  }

  /** What the journal has promised up to this moment. */
  claims(): SessionClaim[] {
    return this.#sessions.map((session) => session.claim());
  }

  /** Runs the script; ends early when the journal fails. */
  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps && !this.#failed(); step += 1)
      await this.#attempt(() => this.#step(step));
    await this.#attempt(() => this.#makeDurable());
    await this.#attempt(() => this.opened.time.wait(Promise.all(this.#pending)));
    this.closed = this.#random.chance(0.5) && !this.#failed();
    if (this.closed) await this.#attempt(() => this.opened.time.wait(this.opened.journal.close()));
  }

  async #step(step: number): Promise<void> {
    const { time } = this.opened;
    const open = this.#sessions.filter((session) => session.open);
    if (open.length === 0 || (open.length < 4 && this.#random.chance(0.06))) {
      this.#begin(this.#start());
      return;
    }
    const session = this.#random.pick(open);
    const dice = this.#random.between(0, 99);
    if (dice < 52) session.append(this.#random.chance(0.1) ? 1_500 : this.#random.between(20, 400));
    else if (dice < 57) session.skip(this.#random.between(1, 5_000));
    else if (dice < 62) this.#begin(session);
    else if (dice < 65) session.describe();
    else if (dice < 75) session.release(this.#random.chance(0.5));
    else if (dice < 78 && step > 20) session.close();
    else if (dice < 80 && step > 20) this.#erase(session);
    else if (dice < 84) await this.#read(session);
    else if (dice < 92) await this.#makeDurable();
    else await time.pass(this.#random.between(1, 4));
  }

  #start(): LiveSession {
    const number = this.#sessions.length + 1;
    const stream = this.opened.journal.stream({ tenant: 'tenant', sessionId: `session-${number}` });
    const session = new LiveSession(stream, this.#random.fork(number), this.#random.pick(TRACKS));
    this.#sessions.push(session);
    return session;
  }

  #begin(session: LiveSession): void {
    if (!session.begin().fenced) {
      this.#verdict.wrong('samplesDoubled', `${session.ref.sessionId} took audio of an old epoch`, 50);
    }
  }

  #erase(session: LiveSession): void {
    const erased = session.erase().catch((error: unknown) => this.refusals.push(String(error)));
    this.#pending.push(erased);
  }

  async #read(session: LiveSession): Promise<void> {
    const wrong = await this.opened.time.wait(session.read());
    if (wrong !== undefined) this.#verdict.wrong('samplesDoubled', wrong);
  }

  async #makeDurable(): Promise<void> {
    const reports = this.#sessions
      .filter((session) => session.open)
      .map((session) => session.beforeDurable());
    await this.opened.time.wait(this.opened.journal.whenDurable());
    for (const report of reports) report();
  }

  async #attempt(run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.refusals.push(String(error));
    }
  }

  #failed(): boolean {
    return this.opened.failures.length > 0 || this.opened.journal.state === 'failed';
  }
}

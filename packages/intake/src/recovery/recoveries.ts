import type { RecoveredStream, Recovery } from '@earshot/journal';
import { EarshotError, type SessionRef } from '@earshot/protocol';
import type { IntakeContext } from '../context.ts';
import { nameOf } from '../host/openings.ts';
import type { Tenure } from '../tenure/tenure.ts';
import { backOff, pause, Stop, within, worthLogging } from '../time/waiting.ts';
import { OthersFeed, restoreTenure } from './restore.ts';

/** A connection waits this long for what is recovered of its session, ms. */
const RESOLVE_WAIT_MS = 10_000;
/** A session that another node feeds is looked at again after this, ms. */
const LOOK_AGAIN_MS = 3000;
/** The start of the node waits this long for the first attempts, ms. */
const FIRST_PASS_MS = 10_000;

interface Entry {
  /** Taken up, or waiting for another node. */
  readonly begun: Promise<void>;
  done: Promise<void>;
  /** Stopped when the session is wanted here. */
  readonly force: Stop;
}

/** Takes up the streams that a journal handed back, each until it succeeds. */
export class Recoveries {
  readonly #context: IntakeContext;
  readonly #recovery: Recovery;
  readonly #keep: (tenure: Tenure) => Tenure;
  readonly #entries = new Map<string, Entry>();
  readonly #stop = new Stop();

  constructor(context: IntakeContext, recovery: Recovery, keep: (tenure: Tenure) => Tenure) {
    this.#context = context;
    this.#recovery = recovery;
    this.#keep = keep;
  }

  /** Begins with all of them; resolves when they are taken up, or after a while: storage may be down. */
  async run(): Promise<void> {
    const { log, time } = this.#context;
    const { streams, damage, tornBytes } = this.#recovery;
    if (damage.length > 0) log.error({ ranges: damage.length }, 'the journal is damaged');
    if (streams.length > 0)
      log.warn({ streams: streams.length, tornBytes }, 'streams were cut off; going on');
    for (const recovered of streams) this.add(recovered.stream.ref, Promise.resolve(recovered));
    const all = [...this.#entries.values()].map((entry) => entry.begun);
    await within(time, FIRST_PASS_MS, { work: Promise.all(all), late: undefined });
  }

  /** Takes a stream up as soon as it is given. */
  add(ref: SessionRef, given: Promise<RecoveredStream>): void {
    const name = nameOf(ref);
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const force = new Stop();
    const work = given.then((recovered) => this.#restore(recovered, { force, begun: begin }));
    const entry: Entry = { begun, force, done: work };
    entry.done = work.finally(() => {
      begin();
      if (this.#entries.get(name) === entry) this.#entries.delete(name);
    });
    this.#entries.set(name, entry);
  }

  /** Resolves when a session is taken up, or waits only for another node; rejects when that takes too long. */
  async begun(ref: SessionRef): Promise<void> {
    await this.#inTime(this.#entries.get(nameOf(ref))?.begun);
  }

  /** Takes a session up although another node may feed it; rejects when that takes too long. */
  async finished(ref: SessionRef): Promise<void> {
    const entry = this.#entries.get(nameOf(ref));
    entry?.force.stop();
    await this.#inTime(entry?.done);
  }

  /** Resolves when nothing of a session waits to be taken up, however long that takes. */
  async settled(ref: SessionRef): Promise<void> {
    await this.#entries.get(nameOf(ref))?.done;
  }

  stop(): void {
    this.#stop.stop();
  }

  async #inTime(work: Promise<void> | undefined): Promise<void> {
    if (work === undefined) return;
    const late = Symbol('late');
    if ((await within(this.#context.time, RESOLVE_WAIT_MS, { work, late })) === late)
      throw new EarshotError('service_unavailable');
  }

  async #restore(
    recovered: RecoveredStream,
    { force, begun }: { force: Stop; begun: () => void },
  ): Promise<void> {
    const { log, time, limits } = this.#context;
    let endingAt: number | undefined;
    for (let attempt = 1; !this.#stop.stopped; attempt += 1) {
      try {
        const options = { attempt, forced: force.stopped, keep: this.#keep };
        await restoreTenure(this.#context, recovered, options);
        return;
      } catch (error) {
        if (error instanceof OthersFeed) {
          begun();
          if (error.ending) endingAt ??= time.elapsedMs();
          // A node that was told of the End and is silent for two lives of a lease will not come back in time.
          if (time.elapsedMs() - (endingAt ?? Infinity) > limits.streamLeaseMs * 2) force.stop();
          await this.#pause(force);
          continue;
        }
        const session = recovered.stream.ref.sessionId;
        if (worthLogging(attempt)) log.warn({ session, err: error }, 'a stream could not be taken up yet');
        await backOff(time, attempt, this.#stop);
      }
    }
  }

  /** Until the session is wanted here, the node stops, or it is time to look again. */
  async #pause(force: Stop): Promise<void> {
    if (force.stopped) return;
    const wake = new Stop();
    const forgets = [force, this.#stop].map((stop) => stop.onStop(() => wake.stop()));
    await pause(this.#context.time, LOOK_AGAIN_MS, wake);
    for (const forget of forgets) forget();
  }
}

import type { RecoveredStream, Recovery } from '@earshot/journal';
import { EarshotError, type SessionRef } from '@earshot/protocol';
import type { IntakeContext } from '../context.ts';
import { nameOf } from '../host/openings.ts';
import type { Tenure } from '../tenure/tenure.ts';
import { backOff, Stop, within, worthLogging } from '../time/waiting.ts';
import { restoreTenure } from './restore.ts';

/** A connection waits this long for what is recovered of its session, ms. */
const RESOLVE_WAIT_MS = 10_000;
/** The start of the node waits this long for the first attempts, ms. */
const FIRST_PASS_MS = 10_000;

/** Takes up the streams that a journal handed back, each until it succeeds. */
export class Recoveries {
  readonly #context: IntakeContext;
  readonly #recovery: Recovery;
  readonly #keep: (tenure: Tenure) => Tenure;
  readonly #open = new Map<string, Promise<void>>();
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
    const all = streams.map((recovered) => {
      const name = nameOf(recovered.stream.ref);
      const work = this.#restore(recovered).finally(() => this.#open.delete(name));
      this.#open.set(name, work);
      return work;
    });
    await within(time, FIRST_PASS_MS, { work: Promise.all(all), late: undefined });
  }

  /** Resolves when nothing of a session waits to be taken up; rejects when that takes too long. */
  async resolved(ref: SessionRef): Promise<void> {
    const work = this.#open.get(nameOf(ref));
    if (work === undefined) return;
    const late = Symbol('late');
    if ((await within(this.#context.time, RESOLVE_WAIT_MS, { work, late })) === late)
      throw new EarshotError('service_unavailable');
  }

  stop(): void {
    this.#stop.stop();
  }

  async #restore(recovered: RecoveredStream): Promise<void> {
    const { log, time } = this.#context;
    for (let attempt = 1; !this.#stop.stopped; attempt += 1) {
      try {
        await restoreTenure(this.#context, recovered, { attempt, keep: this.#keep });
        return;
      } catch (error) {
        const session = recovered.stream.ref.sessionId;
        if (worthLogging(attempt)) log.warn({ session, err: error }, 'a stream could not be taken up yet');
        await backOff(time, attempt, this.#stop);
      }
    }
  }
}

import type { SessionRef, StreamClaim } from '@earshot/protocol';
import type { IntakeContext } from '../context.ts';
import { Stop, untilDone } from '../time/waiting.ts';

/** More than these wait for the daily sweep. */
const MAX_LEFT = 10_000;

/** One claim and its session. */
interface Leftover {
  readonly ref: SessionRef;
  readonly claim: StreamClaim;
}

/**
 * Takes away what connections that never came about left of sessions that were erased meanwhile: claims that could not
 * be taken back, since storage was away. End asks for claims, but of an erased session nobody asks.
 */
export class Leftovers {
  readonly #context: Pick<IntakeContext, 'sessions' | 'log' | 'time'>;
  readonly #left = new Set<Leftover>();
  readonly #stop = new Stop();
  #looking = false;

  constructor(context: Pick<IntakeContext, 'sessions' | 'log' | 'time'>) {
    this.#context = context;
  }

  add(ref: SessionRef, claim: StreamClaim): void {
    if (this.#stop.stopped || this.#left.size >= MAX_LEFT) return;
    this.#left.add({ ref, claim });
    if (!this.#looking) void this.#look();
  }

  stop(): void {
    this.#stop.stop();
  }

  async #look(): Promise<void> {
    const { log, time } = this.#context;
    this.#looking = true;
    // Another may come while the last look comes to its end.
    while (this.#left.size > 0 && !this.#stop.stopped) {
      await untilDone(time, this.#stop, {
        work: () => this.#pass(),
        failed: (error) => log.warn({ err: error }, 'a claim behind an erasure is still there'),
      });
    }
    this.#looking = false;
  }

  /** One claim at a time; one that stays holds up no other. */
  async #pass(): Promise<void> {
    const failures: unknown[] = [];
    for (const leftover of this.#left) {
      try {
        await this.#context.sessions.retractClaim(leftover.ref, leftover.claim);
        this.#left.delete(leftover);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

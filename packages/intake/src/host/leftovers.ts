import type { SessionRef, StreamClaim } from '@earshot/protocol';
import type { IntakeContext } from '../context.ts';
import { backOff, Stop, worthLogging } from '../time/waiting.ts';

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

  /** One claim at a time and as often as it takes. */
  async #look(): Promise<void> {
    const { log, sessions, time } = this.#context;
    this.#looking = true;
    for (let attempt = 1; this.#left.size > 0; attempt += 1) {
      await backOff(time, attempt, this.#stop);
      if (this.#stop.stopped) return;
      try {
        for (const leftover of this.#left) {
          await sessions.retractClaim(leftover.ref, leftover.claim);
          this.#left.delete(leftover);
        }
        attempt = 0;
      } catch (error) {
        if (worthLogging(attempt)) log.warn({ err: error }, 'a claim behind an erasure is still there');
      }
    }
    this.#looking = false;
  }
}

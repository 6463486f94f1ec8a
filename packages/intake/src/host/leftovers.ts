import { EarshotError, type SessionRef } from '@earshot/protocol';
import type { IntakeContext } from '../context.ts';
import { backOff, Stop, worthLogging } from '../time/waiting.ts';
import { nameOf } from './openings.ts';

/**
 * Takes away what connections that never came about left of sessions that were erased meanwhile: a claim that could not
 * be taken back, since storage was away. At End such a claim is asked for, behind an erasure by nobody.
 */
export class Leftovers {
  readonly #context: Pick<IntakeContext, 'sessions' | 'log' | 'time' | 'node'>;
  readonly #wanted = new Map<string, SessionRef>();
  readonly #stop = new Stop();
  #looking = false;

  constructor(context: Pick<IntakeContext, 'sessions' | 'log' | 'time' | 'node'>) {
    this.#context = context;
  }

  /** A connection could not be let in: whatever was refused for good has left nothing. */
  refused(ref: SessionRef, error: unknown): void {
    if (!isOutage(error) || this.#stop.stopped) return;
    this.#wanted.set(nameOf(ref), ref);
    if (!this.#looking) void this.#look();
  }

  stop(): void {
    this.#stop.stop();
  }

  /** One session at a time and as often as it takes: an outage keeps the connections of many out. */
  async #look(): Promise<void> {
    const { log, time } = this.#context;
    this.#looking = true;
    for (let attempt = 1; this.#wanted.size > 0; attempt += 1) {
      await backOff(time, attempt, this.#stop);
      if (this.#stop.stopped) return;
      try {
        await this.#clear();
        attempt = 0;
      } catch (error) {
        if (worthLogging(attempt))
          log.warn({ err: error }, 'what a connection left cannot be looked for yet');
      }
    }
    this.#looking = false;
  }

  async #clear(): Promise<void> {
    const { log, node, sessions } = this.#context;
    for (const [name, ref] of this.#wanted) {
      // Not behind the look: a connection that is kept out during it wants another one.
      this.#wanted.delete(name);
      try {
        // No epoch is below the first: of a session that is still there nothing goes.
        await sessions.disclaim(ref, { node, epoch: 0 });
      } catch (error) {
        if (isOutage(error)) {
          this.#wanted.set(name, ref);
          throw error;
        }
        log.warn({ session: ref.sessionId, err: error }, 'what a connection left could not be looked for');
      }
    }
  }
}

function isOutage(error: unknown): boolean {
  return !(error instanceof EarshotError) || error.retryable;
}

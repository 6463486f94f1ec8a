import type { SegmentEntry, SessionRef } from '@earshot/protocol';
import type { IntakeContext } from '../context.ts';

/**
 * Tells the index about stored segments, one call at a time; what gathers during a slow call goes with the
 * next. Failures are logged only: the index is rebuilt from storage.
 */
export class IndexFeed {
  readonly #context: Pick<IntakeContext, 'sessions' | 'log'>;
  readonly #ref: SessionRef;
  #gathered: SegmentEntry[] = [];
  #busy = false;

  constructor(context: Pick<IntakeContext, 'sessions' | 'log'>, ref: SessionRef) {
    this.#context = context;
    this.#ref = ref;
  }

  add(entry: SegmentEntry): void {
    this.#gathered.push(entry);
    if (!this.#busy) void this.#send();
  }

  async #send(): Promise<void> {
    this.#busy = true;
    while (this.#gathered.length > 0) {
      const entries = this.#gathered;
      this.#gathered = [];
      try {
        await this.#context.sessions.recordSegments(this.#ref, entries);
      } catch (error) {
        this.#context.log.warn({ session: this.#ref.sessionId, err: error }, 'segments could not be indexed');
      }
    }
    this.#busy = false;
  }
}

import { placeBehind } from '../archive/segment-object.ts';
import type { IntakeContext } from '../context.ts';
import type { Recoveries } from '../recovery/recoveries.ts';
import type { Tenure } from '../tenure/tenure.ts';

/** What becomes of a session's audio on this node when another node feeds it, or has fed it meanwhile. */
export class Takeovers {
  readonly #context: IntakeContext;
  readonly #recoveries: Recoveries;
  readonly #forget: (tenure: Tenure) => void;

  /** `forget` takes a tenure off the list of those that connections may join. */
  constructor(context: IntakeContext, recoveries: Recoveries, forget: (tenure: Tenure) => void) {
    this.#context = context;
    this.#recoveries = recoveries;
    this.#forget = forget;
  }

  /**
   * Another node goes on. One that waits for our tail has left us the lease: the tail is stored at once. One that did
   * not wait has its own idea of where the track stands: what is held here is compared with storage first. So it is
   * where somebody has stored more than we have: an index that was emptied gives the lease to anybody.
   */
  async handOver(tenure: Tenure): Promise<void> {
    tenure.fence('superseded');
    if ((await this.#holdsLease(tenure)) && !(await this.#isStoredBehind(tenure)))
      await tenure.close('superseded');
    else await this.retake(tenure);
  }

  /** True when other nodes were let in between what this one knows and a claim of its own. */
  async isStale(tenure: Tenure, epoch: number): Promise<boolean> {
    if (epoch <= tenure.epoch + 1) return false;
    const { sessions, node } = this.#context;
    return await sessions.claimedElsewhere(tenure.ref, { node, above: tenure.epoch, below: epoch });
  }

  /** Takes a tenure up anew, as after a restart. */
  async retake(tenure: Tenure): Promise<void> {
    if (!tenure.isOpen) return;
    const retiring = tenure.retire();
    this.#forget(tenure);
    this.#recoveries.add(tenure.ref, retiring);
    await retiring;
  }

  /** True when storage goes on behind what this node has stored, or cannot be asked. */
  async #isStoredBehind({ ref, intake }: Tenure): Promise<boolean> {
    const { store, log } = this.#context;
    try {
      for (const { track, archived } of intake.lines) {
        if ((await placeBehind(store, ref, track)).firstSample > archived) return true;
      }
      return false;
    } catch (error) {
      log.warn({ session: ref.sessionId, err: error }, 'where a track stands in storage cannot be told');
      return true;
    }
  }

  async #holdsLease({ ref, epoch }: Tenure): Promise<boolean> {
    const { index, node, limits, log } = this.#context;
    try {
      return await index.holdStream(ref, { node, epoch }, limits.streamLeaseMs);
    } catch (error) {
      log.warn({ session: ref.sessionId, err: error }, 'whose the stream is cannot be told');
      return false;
    }
  }
}

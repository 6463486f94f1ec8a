import type { IntakeContext } from '../context.ts';
import type { Tenure } from '../tenure/tenure.ts';

const BEAT_MS = 1000;

export interface LeaseOwner {
  /** True when a newer connection of this node holds the lease already, under its own epoch. */
  isClaimed(tenure: Tenure): boolean;
  /** Another node has taken the lease. */
  lost(tenure: Tenure): void;
}

/** Beats once a second for all sessions of a node: renews their leases and lets their connections look at the time. */
export class Leases {
  readonly #context: IntakeContext;
  readonly #tenures: () => Iterable<Tenure>;
  readonly #owner: LeaseOwner;
  readonly #renewAt = new WeakMap<Tenure, number>();
  #cancel: (() => void) | undefined;
  #fail = false;

  constructor(context: IntakeContext, tenures: () => Iterable<Tenure>, owner: LeaseOwner) {
    this.#context = context;
    this.#tenures = tenures;
    this.#owner = owner;
  }

  start(): void {
    this.#cancel ??= this.#context.time.after(BEAT_MS, () => this.#beat());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #beat(): void {
    this.#cancel = undefined;
    const now = this.#context.time.elapsedMs();
    let any = false;
    for (const tenure of this.#tenures()) {
      any = true;
      tenure.connection?.tick(now);
      if (!tenure.isOpen || this.#owner.isClaimed(tenure)) continue;
      if (now < (this.#renewAt.get(tenure) ?? 0)) continue;
      this.#renewAt.set(tenure, now + this.#context.limits.streamLeaseRenewMs);
      tenure.renewal = this.#renew(tenure);
    }
    if (any) this.start();
  }

  /** A lease that cannot be renewed because the index is down is no reason to stop: storage itself refuses old writers. */
  async #renew(tenure: Tenure): Promise<void> {
    const { index, node, limits, log } = this.#context;
    const { epoch, ref } = tenure;
    try {
      const held = await index.holdStream(ref, { node, epoch }, limits.streamLeaseMs);
      this.#fail = false;
      const overtaken = tenure.epoch !== epoch || this.#owner.isClaimed(tenure) || !tenure.isOpen;
      if (!held && !overtaken) this.#owner.lost(tenure);
    } catch (error) {
      if (!this.#fail) log.warn({ err: error }, 'stream leases cannot be renewed');
      this.#fail = true;
    }
  }
}

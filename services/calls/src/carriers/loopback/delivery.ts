import { LIMITS } from '@earshot/protocol';
import type { Behaviour } from './address.ts';

interface Receiver {
  audio(samples: Int16Array): void;
  lost(samples: number): void;
}

/** The network between a peer and us: holds frames back to send them in bursts, and loses some, evenly. */
export class Delivery {
  readonly #burstTicks: number;
  readonly #lossPercent: number;
  readonly #receiver: Receiver;
  #held: Int16Array[] = [];
  #heldTicks = 0;
  /** Hundredths of a frame that are due to be lost. */
  #lossDue = 0;
  samplesSpoken = 0;
  samplesLost = 0;

  constructor(behaviour: Pick<Behaviour, 'burstMs' | 'lossPercent'>, receiver: Receiver) {
    this.#burstTicks = Math.max(1, Math.round(behaviour.burstMs / LIMITS.callTickMs));
    this.#lossPercent = behaviour.lossPercent;
    this.#receiver = receiver;
  }

  /** Takes what was spoken in a tick, whose array may be used again, and delivers what is due. */
  tick(samples: Int16Array): void {
    this.#held.push(this.#burstTicks > 1 ? samples.slice() : samples);
    this.#heldTicks += 1;
    if (this.#heldTicks < this.#burstTicks) return;
    const due = this.#held;
    this.clear();
    for (const frame of due) this.#deliver(frame);
  }

  clear(): void {
    this.#held = [];
    this.#heldTicks = 0;
  }

  #deliver(frame: Int16Array): void {
    if (frame.length === 0) return;
    this.#lossDue += this.#lossPercent;
    if (this.#lossDue >= 100) {
      this.#lossDue -= 100;
      this.samplesLost += frame.length;
      this.#receiver.lost(frame.length);
      return;
    }
    this.samplesSpoken += frame.length;
    this.#receiver.audio(frame);
  }
}

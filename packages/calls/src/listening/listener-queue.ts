import { LIMITS } from '@earshot/protocol';
import { takeSamples } from '../memory/sample-slab.ts';
import type { ListenerQueue } from '../ports.ts';
import { SampleRing } from '../ring/sample-ring.ts';
import { SAMPLES_PER_MS, wholeMs } from '../tick.ts';

const MOST = LIMITS.listenerMaxMs * SAMPLES_PER_MS;

class BoundedQueue implements ListenerQueue {
  readonly #frameSamples: number;
  readonly #ring = new SampleRing(MOST);
  #gap = 0;

  constructor(frameSamples: number) {
    this.#frameSamples = frameSamples;
  }

  get waitingMs(): number {
    return wholeMs(this.#ring.length);
  }

  push(samples: Int16Array): void {
    const taken = Math.min(samples.length, this.#ring.room);
    this.#gap += samples.length - taken;
    this.#ring.push(taken === samples.length ? samples : samples.subarray(0, taken));
  }

  take(options: { readonly flush?: boolean } = {}): Int16Array[] {
    const frames: Int16Array[] = [];
    while (this.#ring.length >= this.#frameSamples) frames.push(this.#next(this.#frameSamples));
    if (options.flush === true && this.#ring.length > 0) frames.push(this.#next(this.#ring.length));
    return frames;
  }

  takeGap(): number {
    const gap = this.#gap;
    this.#gap = 0;
    return gap;
  }

  #next(samples: number): Int16Array {
    const frame = takeSamples(samples);
    this.#ring.shift(frame);
    return frame;
  }
}

/**
 * Audio for one listener, in frames of `frameSamples`, a positive integer (RangeError). When LIMITS.listenerMaxMs wait,
 * what comes is dropped until frames are taken, so that a slow listener gets one hole and not many: behind those frames.
 */
export function createListenerQueue(options: { readonly frameSamples: number }): ListenerQueue {
  const { frameSamples } = options;
  if (!Number.isInteger(frameSamples) || frameSamples < 1 || frameSamples > MOST / 2) {
    throw new RangeError(`A frame has 1 to ${MOST / 2} samples, not ${frameSamples}.`);
  }
  return new BoundedQueue(frameSamples);
}

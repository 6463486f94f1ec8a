import { LIMITS } from '@earshot/protocol';
import type { Sink } from './sink.ts';

/** Audio that may wait for a reader who does not read, samples: ten minutes. */
const MOST_WAITING = LIMITS.callSampleRate * 600;

/** Audio on its way from a call into a sink, in order and up to a number of samples. */
export class Heard {
  samples = 0;
  /** Of them, those that never came and are silence. */
  missed = 0;
  /** Resolves when there is enough, or the sink takes no more. */
  readonly full: Promise<void>;
  readonly #sink: Pick<Sink, 'write'>;
  readonly #most: number;
  #fill: () => void = () => undefined;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #isTooSlow = false;

  constructor(sink: Pick<Sink, 'write'>, most: number) {
    this.#sink = sink;
    this.#most = most;
    this.full = new Promise((resolve) => {
      this.#fill = resolve;
    });
  }

  take(samples: Int16Array): void {
    const wanted = samples.subarray(0, this.#most - this.samples);
    if (wanted.length === 0 || this.#isTooSlow) return;
    this.samples += wanted.length;
    this.#waiting += wanted.length;
    this.#tail = this.#tail.then(async () => {
      await this.#sink.write(wanted);
      this.#waiting -= wanted.length;
    });
    this.#tail.catch(() => this.#fill());
    this.#isTooSlow = this.#waiting > MOST_WAITING;
    if (this.#isTooSlow || this.samples >= this.#most) this.#fill();
  }

  /** So many samples never came; silence keeps what follows where it belongs in time. */
  miss(samples: number): void {
    this.missed += samples;
    this.take(new Int16Array(samples));
  }

  /** Rejects with what the sink could not do. */
  async written(): Promise<void> {
    await this.#tail;
    if (this.#isTooSlow) throw new Error('Whoever reads the audio does not keep up with the call.');
  }
}

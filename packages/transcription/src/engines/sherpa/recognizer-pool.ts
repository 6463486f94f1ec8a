import { EngineError, throwIfAborted } from '../../engine/engine-error.ts';
import { RecognizerChild, type RecognizerOptions } from './recognizer-child.ts';

/** A place for one process; it is started when there is work, and again after it ended. */
interface Slot {
  child: RecognizerChild | undefined;
}

/** A fixed number of processes; jobs beyond that wait in line. */
export class RecognizerPool {
  readonly #options: RecognizerOptions;
  readonly #size: number;
  readonly #slots: readonly Slot[];
  readonly #free: Slot[];
  readonly #waiting: ((slot: Slot) => void)[] = [];

  constructor(options: RecognizerOptions, size: number) {
    this.#options = options;
    this.#size = size;
    this.#slots = Array.from({ length: size }, () => ({ child: undefined }));
    this.#free = [...this.#slots];
  }

  /** Starts all processes; rejects with EngineError when one cannot work. */
  async start(signal: AbortSignal): Promise<void> {
    await Promise.all(
      Array.from({ length: this.#size }, () => this.#withSlot(signal, (slot) => this.#childOf(slot, signal))),
    );
  }

  /** Decodes in the first free process; the time limit counts from when it is free. */
  async decode(samples: Int16Array, limit: { timeoutMs: number; signal: AbortSignal }): Promise<unknown> {
    return this.#withSlot(limit.signal, async (slot) => {
      const child = await this.#childOf(slot, limit.signal);
      const timeout = AbortSignal.timeout(limit.timeoutMs);
      try {
        return await child.decode(samples, AbortSignal.any([limit.signal, timeout]));
      } catch (error) {
        if (!timeout.aborted || limit.signal.aborted) throw error;
        const cause = 'The engine took longer than its time limit.';
        throw new EngineError({ kind: 'transient', cause }, { cause: error });
      }
    });
  }

  /** Ends all processes; resolves when they are gone. */
  async close(): Promise<void> {
    await Promise.all(this.#slots.map(async (slot) => slot.child?.kill()));
  }

  async #childOf(slot: Slot, signal: AbortSignal): Promise<RecognizerChild> {
    if (slot.child?.alive === true) return slot.child;
    throwIfAborted(signal);
    slot.child = new RecognizerChild(this.#options);
    await slot.child.ready(signal);
    return slot.child;
  }

  async #withSlot<T>(signal: AbortSignal, work: (slot: Slot) => Promise<T>): Promise<T> {
    const slot = await this.#acquire(signal);
    try {
      return await work(slot);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(slot);
      else next(slot);
    }
  }

  #acquire(signal: AbortSignal): Promise<Slot> {
    throwIfAborted(signal);
    const free = this.#free.shift();
    if (free !== undefined) return Promise.resolve(free);
    return new Promise((resolve, reject) => {
      const take = (slot: Slot): void => {
        signal.removeEventListener('abort', leave);
        resolve(slot);
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        reject(new EngineError({ kind: 'aborted' }));
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(take);
    });
  }
}

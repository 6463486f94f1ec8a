/** Memory that is kept for later writes, pieces: as much as writes at once usually need, and no more than a few MB. */
const MOST_SPARE = 4;
/** Memory is had in steps of this, so that a piece fits most segments; bytes. */
const STEP_BYTES = 131_072;

/** What the streams of one node share on their way to storage. */
export interface StorageSlots {
  /** Bytes of all streams that wait for storage; each stream keeps its part up to date. */
  backlogBytes: number;
  /** Runs a write when a slot is free; those that wait run in order of arrival. */
  run<T>(task: (memory: WriteMemory) => Promise<T>): Promise<T>;
}

/**
 * Memory for what one task writes. New memory for each segment, half a megabyte that is garbage a moment later, is what
 * the collector of a node with many streams would run for, several times a second.
 */
class WriteMemory {
  #bytes = new Uint8Array(0);

  /** So many bytes, whatever is in them; the same ones each time. */
  take(length: number): Uint8Array {
    if (this.#bytes.length < length) {
      this.#bytes = new Uint8Array(Math.ceil(length / STEP_BYTES) * STEP_BYTES);
    }
    return this.#bytes.subarray(0, length);
  }
}

/** At most `limit` tasks run at once. */
export function createStorageSlots(limit: number): StorageSlots {
  const spare: WriteMemory[] = [];
  const waiting: (() => void)[] = [];
  let running = 0;
  const acquire = async (): Promise<void> => {
    if (running < limit) {
      running += 1;
      return;
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };
  return {
    backlogBytes: 0,
    async run(task) {
      await acquire();
      try {
        const memory = spare.pop() ?? new WriteMemory();
        const result = await task(memory);
        // A write that failed may take effect late, and what it wrote must not be of another.
        if (spare.length < MOST_SPARE) spare.push(memory);
        return result;
      } finally {
        release();
      }
    },
  };
}

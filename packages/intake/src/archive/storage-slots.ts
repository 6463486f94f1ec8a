/** What the streams of one node share on their way to storage. */
export interface StorageSlots {
  /** Bytes of all streams that wait for storage; each stream keeps its part up to date. */
  backlogBytes: number;
  /** Runs a write when a slot is free; those that wait run in order of arrival. */
  run<T>(task: () => Promise<T>): Promise<T>;
}

/** At most `limit` tasks run at once. */
export function createStorageSlots(limit: number): StorageSlots {
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
        return await task();
      } finally {
        release();
      }
    },
  };
}

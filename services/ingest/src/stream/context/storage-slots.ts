/** Bounds how many segments one node writes to storage at once; the rest wait in order of arrival. */
export interface StorageSlots {
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

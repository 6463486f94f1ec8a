/** Lets at most a set number of tasks run; the others wait in the order in which they came. */
export interface Semaphore {
  run<T>(task: () => Promise<T>): Promise<T>;
  /** Takes a place and resolves to the function that gives it back; giving back twice counts once. */
  enter(): Promise<() => void>;
}

export function createSemaphore(places: number): Semaphore {
  let free = places;
  const waiting: (() => void)[] = [];
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  const enter = async (): Promise<() => void> => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    let left = false;
    return () => {
      if (!left) leave();
      left = true;
    };
  };
  return {
    enter,
    run: async (task) => {
      const exit = await enter();
      try {
        return await task();
      } finally {
        exit();
      }
    },
  };
}

/** Maps with at most `places` calls under way; the results keep the order of the items. */
export function mapBounded<T, R>(
  items: readonly T[],
  places: number,
  map: (item: T) => Promise<R>,
): Promise<R[]> {
  const semaphore = createSemaphore(places);
  return Promise.all(items.map((item) => semaphore.run(() => map(item))));
}

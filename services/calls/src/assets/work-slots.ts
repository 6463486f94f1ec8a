import { EarshotError } from '@earshot/protocol';

/** Costly work, a few pieces at a time. */
export interface WorkSlots {
  /** Runs a task when a slot is free, in order of arrival; throws `service_unavailable` when too many wait. */
  run<T>(task: () => Promise<T>): Promise<T>;
}

export function createWorkSlots(limits: { readonly running: number; readonly waiting: number }): WorkSlots {
  const queue: (() => void)[] = [];
  let running = 0;

  async function acquire(): Promise<void> {
    if (running < limits.running) {
      running += 1;
      return;
    }
    if (queue.length >= limits.waiting) {
      throw new EarshotError('service_unavailable', {
        message: 'Too much audio is being prepared right now.',
        details: { retry_after_seconds: 5 },
      });
    }
    // Whoever frees the slot hands it on, so the number that runs stays.
    await new Promise<void>((resolve) => queue.push(resolve));
  }

  function release(): void {
    const next = queue.shift();
    if (next === undefined) running -= 1;
    else next();
  }

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

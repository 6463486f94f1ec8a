import { EarshotError } from '@earshot/protocol';

/** Costly work, a few pieces at a time. */
export interface WorkSlots {
  /**
   * Runs a task when a slot is free: tenants take turns, each in its own order. Throws `service_unavailable` when too
   * much waits, of all or of this tenant.
   */
  run<T>(tenant: string, task: () => Promise<T>): Promise<T>;
}

/** Slots for `running` tasks; `waiting` more may wait, of which one tenant has half at most. */
export function createWorkSlots(limits: { readonly running: number; readonly waiting: number }): WorkSlots {
  /** Who waits, by tenant, in the order of their turns. */
  const queues = new Map<string, (() => void)[]>();
  let running = 0;
  let waiting = 0;

  async function acquire(tenant: string): Promise<void> {
    if (running < limits.running) {
      running += 1;
      return;
    }
    const queue = queues.get(tenant) ?? [];
    if (waiting >= limits.waiting || queue.length >= Math.ceil(limits.waiting / 2)) {
      throw new EarshotError('service_unavailable', {
        message: 'Too much audio is being prepared right now.',
        details: { retry_after_seconds: 5 },
      });
    }
    queues.set(tenant, queue);
    waiting += 1;
    // Whoever frees the slot hands it on, so the number that runs stays.
    await new Promise<void>((resolve) => queue.push(resolve));
  }

  function release(): void {
    const [turn] = queues;
    if (turn === undefined) {
      running -= 1;
      return;
    }
    const [tenant, queue] = turn;
    const next = queue.shift();
    queues.delete(tenant);
    if (queue.length > 0) queues.set(tenant, queue);
    waiting -= 1;
    next?.();
  }

  return {
    async run(tenant, task) {
      await acquire(tenant);
      try {
        return await task();
      } finally {
        release();
      }
    },
  };
}

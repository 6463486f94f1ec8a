import type { IntakeTime } from '../ports.ts';

/** What the streams of one node share on their way to storage. */
export interface StorageSlots {
  /** Bytes of all streams that wait for storage; each stream keeps its part up to date. */
  backlogBytes: number;
  /** Runs a write when a slot is free; those that wait run in order of arrival. */
  run<T>(task: () => Promise<T>): Promise<T>;
  /**
   * Runs what makes a segment ready to be written, one after the other and each in a turn of the event loop of its own:
   * when a disk or a store goes on after a stop, hundreds are due at once, and frames have to pass between them.
   */
  prepare<T>(task: () => Promise<T>): Promise<T>;
}

/** At most `limit` writes run at once. */
export function createStorageSlots(limit: number, time: Pick<IntakeTime, 'afterOthers'>): StorageSlots {
  const writing = createGate(limit);
  const preparing = createGate(1);
  return {
    backlogBytes: 0,
    async run(task) {
      await writing.enter();
      try {
        return await task();
      } finally {
        writing.leave();
      }
    },
    async prepare(task) {
      await preparing.enter();
      try {
        return await task();
      } finally {
        time.afterOthers(() => preparing.leave());
      }
    },
  };
}

/** Lets `limit` in at once; the others come in by order of arrival. */
function createGate(limit: number): { enter(): Promise<void>; leave(): void } {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return {
    async enter() {
      if (inside < limit) {
        inside += 1;
        return;
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    },
    leave() {
      const next = waiting.shift();
      if (next === undefined) inside -= 1;
      else next();
    },
  };
}

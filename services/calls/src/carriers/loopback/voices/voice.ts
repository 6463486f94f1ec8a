/** What a peer says, a tick at a time. */
export interface Voice {
  /**
   * What it says in the tick that was due at `dueMs`: `count` samples on its own clock, of which a tick has about 320.
   * Empty: nothing is sent. To be read before the next tick, which may use the same array.
   */
  next(count: number, dueMs: number): Int16Array;
  hear(samples: Int16Array, atMs: number): void;
  /** Forgets what it heard and did not yet answer. */
  clear(): void;
}

/** The calls of a journal's disk and its files. */
export type DiskCall =
  | 'list'
  | 'create'
  | 'open'
  | 'remove'
  | 'syncFolder'
  | 'freeBytes'
  | 'write'
  | 'sync'
  | 'read'
  | 'truncate'
  | 'close';

/** One call that was made, in order. */
export interface DiskCallRecord {
  /** Counts from 1 over calls of every kind. */
  readonly number: number;
  readonly call: DiskCall;
  /** The file's name, '' for calls on the folder. */
  readonly name: string;
  readonly at: number;
  readonly bytes: number;
}

/** A failure of the n-th next call of a kind (or of any kind). */
export interface DiskFault {
  readonly call: DiskCall | 'any';
  /** Counts from 1, from the moment it was injected. */
  readonly nth: number;
  /** How many calls from there on fail; 1 by default. */
  readonly times?: number;
  /** `short` cuts reads and writes in half and leaves other calls alone; `slow` needs the disk's `time`. */
  readonly failure: 'EIO' | 'ENOSPC' | 'short' | 'slow';
  /** How long a slow call takes, ms. */
  readonly delayMs?: number;
}

/** Decides which calls fail. */
export class FaultPlan {
  readonly #planned: { fault: DiskFault; seen: number }[] = [];

  add(fault: DiskFault): void {
    this.#planned.push({ fault, seen: 0 });
  }

  clear(): void {
    this.#planned.length = 0;
  }

  /** Counts a call and tells what happens to it. */
  meet(call: DiskCall): DiskFault | undefined {
    let met: DiskFault | undefined;
    for (const entry of this.#planned) {
      const { fault } = entry;
      if (fault.call !== 'any' && fault.call !== call) continue;
      entry.seen += 1;
      if (entry.seen >= fault.nth && entry.seen < fault.nth + (fault.times ?? 1)) met ??= fault;
    }
    return met;
  }
}

/** The system's error, as Node gives it. */
export function systemError(code: string, call: string): Error & { code: string } {
  return Object.assign(new Error(`${code}: simulated, ${call}`), { code });
}

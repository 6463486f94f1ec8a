import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5000;

/** Waits before attempt `attempt` (from 1): doubling, capped, half of it random so that nodes do not march in step. */
export async function backOff(attempt: number, signal: AbortSignal): Promise<void> {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 10));
  try {
    await sleep(ceiling / 2 + (Math.random() * ceiling) / 2, undefined, { signal });
  } catch {
    // Aborted: the caller looks at the signal.
  }
}

/** True at the 1st, 2nd, 4th, 8th … failure: an outage of hours fills no log. */
export function worthLogging(attempt: number): boolean {
  return (attempt & (attempt - 1)) === 0;
}

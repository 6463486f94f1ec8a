import { LIMITS } from '@earshot/protocol';

/** Samples of call audio in a millisecond. */
export const SAMPLES_PER_MS = LIMITS.callSampleRate / 1000;
/** Samples of one tick of the call clock. */
export const TICK_SAMPLES = LIMITS.callTickMs * SAMPLES_PER_MS;

/** A tick in which nothing is heard; shared, so nobody may write to it. */
export const SILENCE = new Int16Array(TICK_SAMPLES);

/** Length of call audio in whole milliseconds, rounded up, so that 0 means none at all. */
export function wholeMs(samples: number): number {
  return Math.ceil(samples / SAMPLES_PER_MS);
}

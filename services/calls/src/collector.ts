import { setFlagsFromString } from 'node:v8';

/** By how much the heap may grow beyond what was in use after a collection, percent; V8 itself comes to about 30. */
const GROWTH_PERCENT = 100;

/**
 * Lets V8 mark the whole heap less often. Audio lies in buffers outside of the heap, which count as growth, so that 200
 * calls would have it marked once a second and more; the threads that do it take the processors from the calls' clock.
 */
export function tuneCollector(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}

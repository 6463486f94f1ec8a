import { setFlagsFromString } from 'node:v8';

/** By how much the heap may grow beyond what was in use after a collection, percent; V8 itself allows about 30. */
const GROWTH_PERCENT = 100;

/**
 * Lets V8 collect the whole heap less often. What waits to be stored lies in buffers outside of the heap, which count
 * as growth: a node with hundreds of streams would mark all that lives once or twice a second because of them, on
 * several threads at once.
 */
export function tuneCollector(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}

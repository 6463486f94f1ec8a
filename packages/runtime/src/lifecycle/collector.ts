import { setFlagsFromString } from 'node:v8';

/** By how much the heap may grow beyond what was in use after a collection, percent; V8 itself comes to about 30. */
const GROWTH_PERCENT = 100;

/**
 * Lets V8 mark the whole heap less often. Audio lies in buffers outside of the heap, which count as growth: hundreds of
 * streams or calls would have all that lives marked once a second and more, by threads that take the processors from
 * sockets and clocks. For the start of a program.
 */
export function tuneCollector(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}

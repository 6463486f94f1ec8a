import { LIMITS } from '@earshot/protocol';
import { SAMPLES_PER_MS, TICK_SAMPLES } from '../tick.ts';

const TARGET = LIMITS.jitterTargetMs * SAMPLES_PER_MS;
/** Ticks that a fill level is watched before anything is concluded from it: one second. */
const WINDOW_TICKS = 50;

/**
 * Finds audio that only adds delay: what still waited at the lowest point of a whole second, beyond the target. The
 * lowest point is taken and not the mean, because what lies above it is what evens out the jitter.
 */
export class Surplus {
  #ticks = 0;
  #lowest = Number.POSITIVE_INFINITY;
  #surplus = 0;
  #easedInWindow = false;

  /** True when a tick of audio may be left out, if it is quiet. */
  get present(): boolean {
    return this.#surplus >= TICK_SAMPLES;
  }

  /** A quiet tick of audio was left out. */
  eased(): void {
    this.#surplus -= TICK_SAMPLES;
    this.#lowest -= TICK_SAMPLES;
    this.#easedInWindow = true;
  }

  /** Takes what waits after a tick; true: one tick is to be left out now, since a whole second had nothing quiet. */
  mustEase(waiting: number): boolean {
    this.#lowest = Math.min(this.#lowest, waiting);
    this.#ticks += 1;
    if (this.#ticks < WINDOW_TICKS) return false;
    const overdue = this.present && !this.#easedInWindow && this.#lowest >= TARGET + TICK_SAMPLES;
    this.#surplus = Math.max(0, this.#lowest - TARGET - (overdue ? TICK_SAMPLES : 0));
    this.#ticks = 0;
    this.#lowest = Number.POSITIVE_INFINITY;
    this.#easedInWindow = false;
    return overdue;
  }
}

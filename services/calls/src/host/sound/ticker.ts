import { createTickCounter } from '@earshot/calls';

/** A clock that stands still for a while does not play what it missed at once. */
export interface Ticker {
  /** Ticks that never happened because the process stood still. */
  readonly skipped: number;
  stop(): void;
}

/** One timer for all calls: runs `tick` once for each 20 ms that have passed, by the monotonic clock. */
export function startTicker(tick: () => void, now: () => number = () => performance.now()): Ticker {
  const counter = createTickCounter(now());
  let timer: NodeJS.Timeout;
  const run = (): void => {
    for (let due = counter.due(now()); due > 0; due--) tick();
    timer = setTimeout(run, Math.max(0, counter.nextAtMs - now()));
  };
  timer = setTimeout(run, Math.max(0, counter.nextAtMs - now()));
  return {
    get skipped() {
      return counter.skipped;
    },
    stop: () => clearTimeout(timer),
  };
}

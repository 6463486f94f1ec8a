import type { Pause } from './pause-finder.ts';

/**
 * Which pause ends a segment: the `first` that is long enough, the `longest` before the maximum, or with `decay` the
 * longest as soon as it is as long as is asked for by then, which is much at first and less later.
 */
export type CutPolicy = 'first' | 'longest' | 'decay';

/** Where a segment may be cut, in samples of the track; `now` is the end of what has been scored. */
export interface CutWindow {
  readonly earliest: number;
  readonly latest: number;
  readonly now: number;
  /** Whether the segment has to be cut now. */
  readonly closing: boolean;
}

/** Lengths of pauses, in samples. */
export interface PauseLengths {
  /** The shortest pause to cut in. */
  readonly shortest: number;
  /** How much of it must lie in the window. */
  readonly shortestInWindow: number;
  /** An open pause of this length is cut without waiting for its end. */
  readonly settled: number;
  /** What `decay` asks for at the earliest place, falling to `shortest` over `decaySamples`. */
  readonly wanted: number;
  readonly decaySamples: number;
}

/** Chooses the pause to cut in, clipped to the window; undefined while none will do. */
export function choosePause(
  rule: { readonly policy: CutPolicy; readonly lengths: PauseLengths },
  pauses: readonly Pause[],
  window: CutWindow,
): Pause | undefined {
  const { policy, lengths } = rule;
  if (policy === 'longest' && !window.closing) return undefined;
  let chosen: Pause | undefined;
  for (const pause of pauses) {
    const clipped = usablePart(pause, lengths, window);
    if (clipped === undefined) continue;
    if (policy === 'first') return clipped;
    if (chosen === undefined || lengthOf(clipped) > lengthOf(chosen)) chosen = clipped;
  }
  const isEnough = policy === 'longest' || window.closing;
  return chosen !== undefined && (isEnough || lengthOf(chosen) >= wantedNow(lengths, window))
    ? chosen
    : undefined;
}

function lengthOf(pause: Pause): number {
  return pause.end - pause.start;
}

/** The part of a pause in the window, if the pause is long enough and will not change the choice by growing. */
function usablePart(pause: Pause, lengths: PauseLengths, window: CutWindow): Pause | undefined {
  const needed = pause.open && !window.closing ? lengths.settled : lengths.shortest;
  const start = Math.max(pause.start, window.earliest);
  const end = Math.min(pause.end, window.latest);
  if (lengthOf(pause) < needed || end - start < lengths.shortestInWindow) return undefined;
  return { start, end, open: pause.open };
}

function wantedNow(lengths: PauseLengths, window: CutWindow): number {
  const progress = Math.min(1, (window.now - window.earliest) / lengths.decaySamples);
  return lengths.wanted + (lengths.shortest - lengths.wanted) * progress;
}

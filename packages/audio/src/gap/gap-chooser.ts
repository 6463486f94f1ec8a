import { float32At } from '../elements.ts';

/** Where a track may be cut, in frames. */
export interface GapRule {
  /** The first and last frame of a segment at which the next may start, counted from the start of this one. */
  readonly earliest: number;
  readonly latest: number;
}

/** A place to cut at: the frame before which, and whether that is surely enough a pause. */
export interface Gap {
  readonly frame: number;
  readonly sure: boolean;
}

/** Log-odds of a pause asked for so many frames after the earliest place; straight lines in between. */
const ASKED = [
  { after: 0, odds: 3.9 },
  { after: 20, odds: 3.9 },
  { after: 400, odds: 2.6 },
  { after: 430, odds: 0 },
] as const;
/** Frames without a better place before the best is taken: it may be the edge of the middle of a pause. */
const SETTLED = 17;
/** Log-odds that each frame of waiting is worth when nothing was good enough. */
const WAITING = 0.03;
/** Log-odds from which a place counts as a pause. */
const SURE = 0;

/**
 * Chooses the places to cut at. The longer the best place is behind, the less it has to be sure; so long pauses are taken
 * at once, short ones when nothing better came.
 */
export class GapChooser {
  readonly #rule: GapRule;
  /** Log-odds of the frames since the earliest place, in the slot of their numbers. */
  readonly #odds: Float32Array;
  #first = 0;
  #next: number;
  #best = 0;
  #bestOdds = -Infinity;
  /** Best place when the odds count against the time that they took. */
  #resort = 0;
  #resortOdds = -Infinity;

  constructor(rule: GapRule) {
    this.#rule = rule;
    this.#odds = new Float32Array(rule.latest - rule.earliest + 1);
    this.#next = rule.earliest;
  }

  /** The first frame whose odds matter. */
  get wanted(): number {
    return this.#first + this.#rule.earliest;
  }

  /** Starts a segment at a frame. */
  restart(first: number): void {
    this.#first = first;
    this.#next = this.wanted;
    this.#bestOdds = -Infinity;
    this.#resortOdds = -Infinity;
  }

  /** Takes the odds of a frame; those from `wanted` on come in order. */
  push(frame: number, odds: number): void {
    this.#odds[frame % this.#odds.length] = odds;
  }

  /** The place to cut at, known the odds of the frames up to `last`; the next segment starts there. */
  next(last: number): Gap | undefined {
    const closing = this.#first + this.#rule.latest;
    for (; this.#next <= last; this.#next += 1) {
      this.#weigh(this.#next);
      const isSettled = this.#next - this.#best >= SETTLED;
      if (isSettled && this.#bestOdds >= asked(this.#next - this.wanted)) return this.#take(this.#best);
      if (this.#next === closing) return this.#take(this.#resort);
    }
    return undefined;
  }

  #weigh(frame: number): void {
    const odds = float32At(this.#odds, frame % this.#odds.length);
    if (odds > this.#bestOdds) {
      this.#best = frame;
      this.#bestOdds = odds;
    }
    const resort = odds - WAITING * (frame - this.#first);
    if (resort > this.#resortOdds) {
      this.#resort = frame;
      this.#resortOdds = resort;
    }
  }

  #take(frame: number): Gap {
    const sure = float32At(this.#odds, frame % this.#odds.length) >= SURE;
    this.restart(frame);
    return { frame, sure };
  }
}

function asked(waited: number): number {
  let from: (typeof ASKED)[number] = ASKED[0];
  for (const to of ASKED) {
    if (waited < to.after) {
      return from.odds + ((to.odds - from.odds) * (waited - from.after)) / (to.after - from.after);
    }
    from = to;
  }
  return from.odds;
}

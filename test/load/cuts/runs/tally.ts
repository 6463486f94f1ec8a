/** Counts of one talk under one condition, or of many added up. */
export interface Tally {
  /** Cuts but for the end of the track, those of them inside a word, and segments shorter or longer than allowed. */
  readonly cuts: number;
  readonly insideWord: number;
  readonly outOfBounds: number;
  readonly forced: number;
  readonly forcedInsideWord: number;
  /** Lengths of the segments that were cut off, seconds. */
  readonly lengths: readonly number[];
  /** True pauses of 500 ms or more, and those of them in which nothing would be cut. */
  readonly longPauses: number;
  readonly missedPauses: number;
  /** Segments that hold a word or more, and those of them marked as no speech. */
  readonly spoken: number;
  readonly spokenUnmarked: number;
}

const EMPTY_TALLY: Tally = {
  cuts: 0,
  insideWord: 0,
  outOfBounds: 0,
  forced: 0,
  forcedInsideWord: 0,
  lengths: [],
  longPauses: 0,
  missedPauses: 0,
  spoken: 0,
  spokenUnmarked: 0,
};

/** The counts added up. */
export function addUp(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, tally) => ({
      cuts: sum.cuts + tally.cuts,
      insideWord: sum.insideWord + tally.insideWord,
      outOfBounds: sum.outOfBounds + tally.outOfBounds,
      forced: sum.forced + tally.forced,
      forcedInsideWord: sum.forcedInsideWord + tally.forcedInsideWord,
      lengths: [...sum.lengths, ...tally.lengths],
      longPauses: sum.longPauses + tally.longPauses,
      missedPauses: sum.missedPauses + tally.missedPauses,
      spoken: sum.spoken + tally.spoken,
      spokenUnmarked: sum.spokenUnmarked + tally.spokenUnmarked,
    }),
    EMPTY_TALLY,
  );
}

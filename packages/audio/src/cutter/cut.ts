/** Where a piece of a track lies and what is known of it; consecutive pieces leave nothing out. */
export interface Cut {
  /** Position of the first sample in the track. */
  readonly firstSample: number;
  /** Length, in samples; never 0. */
  readonly samples: number;
  /** Why it ends: in a `pause`, `forced` by the maximum length, or at the `end` of the track. */
  readonly cut: 'pause' | 'forced' | 'end';
  /** Part of its frames that the detector takes for speech, 0 to 1. */
  readonly speechRatio: number;
  /**
   * RMS level, dB below full scale; exact when both ends lie between frames of the detector, else what that frame holds
   * is shared out evenly over it: hundredths of a dB, since cuts lie in pauses.
   */
  readonly levelDb: number;
  /** False only when nothing in it is like speech. */
  readonly speech: boolean;
}

/**
 * Finds where to cut one track and keeps none of its audio; the same samples give the same cuts, however they are
 * split over calls.
 */
export interface Cutter {
  /** Takes samples, which are only read, and gives the pieces that they complete. */
  push(samples: Int16Array): Cut[];
  /** Ends the piece at hand, undefined when nothing is in it; what is pushed later starts a new one. */
  flush(): Cut | undefined;
  /** Position behind the last sample taken. */
  readonly position: number;
  /** Samples taken that are in no piece yet; never more than the longest piece and a frame. */
  readonly pendingSamples: number;
  /** Samples of all speech so far: spells of it that are clear and audible for 80 ms, which steady noise is not. */
  readonly spokenSamples: number;
}

/** A piece of a track; consecutive pieces concatenate to exactly what was pushed. */
export interface CutSegment {
  /** Position of the first sample in the track. */
  readonly firstSample: number;
  readonly samples: Int16Array;
  /** Why it ends: in a `pause`, `forced` by the maximum length, or at the `end` of the track. */
  readonly cut: 'pause' | 'forced' | 'end';
  /** Part of its frames that the detector takes for speech, 0 to 1. */
  readonly speechRatio: number;
  /** RMS level, dB below full scale. */
  readonly levelDb: number;
  /** False only when nothing in it is like speech. */
  readonly speech: boolean;
}

/** Cuts one track into segments; the same samples give the same segments, however they are split over calls. */
export interface Segmenter {
  /** Takes samples and gives the segments that they complete. */
  push(samples: Int16Array): CutSegment[];
  /** Ends the track and gives what is left; undefined when nothing is. */
  flush(): CutSegment | undefined;
  /** Samples taken so far. */
  readonly position: number;
  /** Samples taken that are in no segment yet; never more than the longest segment and a frame. */
  readonly bufferedSamples: number;
}

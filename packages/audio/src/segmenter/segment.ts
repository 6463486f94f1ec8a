import type { Cut } from '../cutter/cut.ts';

/** A piece of a track with its audio; consecutive pieces concatenate to exactly what was pushed. */
export interface CutSegment extends Omit<Cut, 'samples'> {
  readonly samples: Int16Array;
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

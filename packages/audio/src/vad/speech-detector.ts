/** Tells speech from the rest, frame by frame; one detector hears one track from its start, in order. */
export interface SpeechDetector {
  /** Samples in a frame. */
  readonly frameSamples: number;
  /** The score of the next frame, from 0 (no speech) to 1; the frame is only read, and not kept. */
  push(frame: Int16Array): number;
  /** The same for the frame that starts at a place of more samples; saves those who have them the copying. */
  pushFrom?(samples: Int16Array, from: number): number;
  /** What a detector that splits its frames knows of the last one; from it, better places to cut can be found. */
  readonly spectrum?: Spectrum;
}

/** The energy of a frame. */
export interface Spectrum {
  /** Mean squares of five octave bands, the highest first. */
  readonly energies: Float64Array;
  /** Sum of the squares of all samples. */
  readonly energy: number;
}

/** Tells speech from the rest, frame by frame; one detector hears one track from its start, in order. */
export interface SpeechDetector {
  /** Samples in a frame. */
  readonly frameSamples: number;
  /** The score of the next frame, from 0 (no speech) to 1; the frame is only read, and not kept. */
  push(frame: Int16Array): number;
}

/** Frame numbers that never came, and what is known of the time they took; all in samples but `frames`. */
export interface Hole {
  readonly frames: number;
  /** Length of a neighbouring frame. */
  readonly frameSamples: number;
  /** Time between the neighbours by the sender's clock, null if it sent none. */
  readonly elapsedSamples: number | null;
  readonly sampleRate: number;
}

/** Sender clocks count whole ms and are read when a frame is sent, not when it was spoken. */
const JITTER_SECONDS = 0.01;
/** Frames of one stream differ in length, but hardly more than this. */
const PLAUSIBLE_FACTOR = 4;

/**
 * Length of a hole in samples. Where clock and frame count agree the count is exact; where they differ the clock is
 * right as long as it is plausible (frames of other lengths, or numbers that run over several tracks); else the count.
 */
export function holeSamples(hole: Hole): number {
  const counted = hole.frames * hole.frameSamples;
  const elapsed = hole.elapsedSamples;
  if (elapsed === null) return Math.round(counted);
  const offCount = Math.abs(elapsed - counted);
  const offNothing = Math.abs(elapsed);
  if (Math.min(offCount, offNothing) <= JITTER_SECONDS * hole.sampleRate) {
    return offNothing < offCount ? 0 : Math.round(counted);
  }
  return Math.round(elapsed > 0 && elapsed <= counted * PLAUSIBLE_FACTOR ? elapsed : counted);
}

/** What a speech check found in one segment. */
export interface SpeechFinding {
  readonly speech: boolean;
  /** Highest speech probability that was seen, 0 to 1. */
  readonly probability: number;
  /** `probes`: a few places were enough to find speech; `whole`: every frame was looked at. */
  readonly coverage: 'probes' | 'whole';
}

/**
 * An optional second opinion on whether a segment holds speech at all. "No" is only ever said after looking at
 * the whole segment.
 */
export interface SpeechCheck {
  /** Takes mono samples at 16 kHz. */
  check(samples: Int16Array): Promise<SpeechFinding>;
  close(): Promise<void>;
}

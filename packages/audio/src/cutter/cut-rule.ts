import { LIMITS } from '@earshot/protocol';
import type { SpeechDetector } from '../vad/speech-detector.ts';
import type { CutPolicy } from './cut-policy.ts';

/**
 * How to cut; lengths default to `LIMITS`, the policy to `first`, the detector to the five-band one. With that policy and
 * a detector that knows its spectrum, the first place that is surely in a pause will do, however long the pause is,
 * unless `minPauseMs` is given.
 */
export interface SegmenterOptions {
  /** Hz; 8000 to 48000 for the five-band detector. */
  readonly sampleRate: number;
  readonly policy?: CutPolicy;
  readonly minSeconds?: number;
  readonly maxSeconds?: number;
  readonly minPauseMs?: number;
  readonly detector?: SpeechDetector;
}

/** How to cut, in samples. */
export interface CutRule {
  readonly policy: CutPolicy;
  readonly sampleRate: number;
  readonly minSamples: number;
  readonly maxSamples: number;
  readonly minPauseSamples: number;
  /** Whether the first place that is surely a pause will do, however long the pause is. */
  readonly anyPause: boolean;
}

/** Room that a forced cut needs between the shortest and the longest segment, seconds. */
const LEAST_CHOICE_SECONDS = 0.2;
const LONGEST_FRAME_SECONDS = 0.1;

/** The rule for frames of a length; options that cannot be met are a RangeError. */
export function cutRule(options: SegmenterOptions, frameSamples: number): CutRule {
  const minSeconds = options.minSeconds ?? LIMITS.segmentMinSeconds;
  const maxSeconds = options.maxSeconds ?? LIMITS.segmentMaxSeconds;
  const minPauseMs = options.minPauseMs ?? LIMITS.minPauseMs;
  if (!(minSeconds > 0) || !(maxSeconds >= minSeconds + LEAST_CHOICE_SECONDS) || maxSeconds === Infinity) {
    throw new RangeError(`Segments of ${minSeconds} to ${maxSeconds} seconds cannot be cut.`);
  }
  if (!(minPauseMs > 0)) throw new RangeError(`A pause of ${minPauseMs} ms cannot be found.`);
  if (frameSamples > options.sampleRate * LONGEST_FRAME_SECONDS) {
    throw new RangeError(`Frames of ${frameSamples} samples are too long to find pauses with.`);
  }
  return {
    policy: options.policy ?? 'first',
    sampleRate: options.sampleRate,
    minSamples: Math.ceil(minSeconds * options.sampleRate),
    maxSamples: Math.floor(maxSeconds * options.sampleRate),
    minPauseSamples: Math.round((minPauseMs / 1000) * options.sampleRate),
    anyPause: (options.policy ?? 'first') === 'first' && options.minPauseMs === undefined,
  };
}

import { createFiveBandDetector } from '../vad/five-band-detector.ts';
import type { Cutter } from './cut.ts';
import { cutRule, type SegmenterOptions } from './cut-rule.ts';
import { TrackCutter } from './track-cutter.ts';

/** How to cut, and from where on. */
export interface CutterOptions extends SegmenterOptions {
  /** Position of the first sample that will be pushed; 0 by default. */
  readonly origin?: number;
}

/** Creates a cutter for one track, of about 27 kB at any rate; options that cannot be met are a RangeError. */
export function createCutter(options: CutterOptions): Cutter {
  const origin = options.origin ?? 0;
  if (!Number.isSafeInteger(origin) || origin < 0) {
    throw new RangeError(`A track cannot go on at sample ${origin}.`);
  }
  const detector = options.detector ?? createFiveBandDetector(options.sampleRate);
  return new TrackCutter(detector, cutRule(options, detector.frameSamples), origin);
}

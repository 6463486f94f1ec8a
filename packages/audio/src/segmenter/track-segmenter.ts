import { rmsDb } from '../levels.ts';
import type { SpeechDetector } from '../vad/speech-detector.ts';
import { type CutPolicy, type CutWindow, choosePause, type PauseLengths } from './cut-policy.ts';
import { FrameHistory } from './frame-history.ts';
import { PauseFinder } from './pause-finder.ts';
import { SampleTape } from './sample-tape.ts';
import type { CutSegment, Segmenter } from './segment.ts';

/** How to cut, in samples. */
export interface CutRule {
  readonly policy: CutPolicy;
  readonly sampleRate: number;
  readonly minSamples: number;
  readonly maxSamples: number;
  readonly minPauseSamples: number;
}

/** Frames in a block of the tape: about a second. */
const BLOCK_FRAMES = 50;
/** A forced cut looks for the least speech-like stretch of this length. */
const FORCED_STRETCH_SECONDS = 0.12;
/** A segment with no frame louder than this holds no speech, dB below full scale. */
const QUIET_DB = -65;
/** Clear speech in a row without which there is none, and the length of segment needed to trust that; seconds. */
const LEAST_SPEECH_SECONDS = 0.08;
const TRUSTED_SECONDS = 1;

/** Cuts a track with a detector; positions are samples from the start of the track. */
export class TrackSegmenter implements Segmenter {
  readonly #detector: SpeechDetector;
  readonly #rule: CutRule;
  readonly #lengths: PauseLengths;
  readonly #history: FrameHistory;
  /** The frame that is being filled. */
  readonly #frame: Int16Array;
  #filled = 0;
  #pauses = new PauseFinder(0);
  #tape: SampleTape;
  /** Position and number of the frame that comes first after the start or a flush. */
  #origin = 0;
  #originFrame = 0;
  /** Position of the first sample that is in no segment yet. */
  #first = 0;
  #position = 0;

  constructor(detector: SpeechDetector, rule: CutRule) {
    const frameSamples = detector.frameSamples;
    this.#detector = detector;
    this.#rule = rule;
    this.#lengths = pauseLengths(rule);
    this.#history = new FrameHistory(Math.ceil(rule.maxSamples / frameSamples) + 2);
    this.#frame = new Int16Array(frameSamples);
    this.#tape = new SampleTape(BLOCK_FRAMES * frameSamples, 0);
  }

  get position(): number {
    return this.#position;
  }

  get bufferedSamples(): number {
    return this.#position - this.#first;
  }

  push(samples: Int16Array): CutSegment[] {
    const segments: CutSegment[] = [];
    let taken = 0;
    while (taken < samples.length) {
      const piece = samples.subarray(taken, taken + this.#frame.length - this.#filled);
      taken += piece.length;
      this.#position += piece.length;
      const frame = this.#complete(piece);
      if (frame !== undefined) this.#score(frame, segments);
    }
    return segments;
  }

  flush(): CutSegment | undefined {
    this.#tape.append(this.#frame.subarray(0, this.#filled));
    const rest = this.#position > this.#first ? this.#cut(this.#position, 'end') : undefined;
    this.#filled = 0;
    this.#origin = this.#position;
    this.#originFrame = this.#history.count;
    this.#pauses = new PauseFinder(this.#origin);
    this.#tape = new SampleTape(BLOCK_FRAMES * this.#frame.length, this.#origin);
    return rest;
  }

  /** The frame that a piece completes, if it does; a whole frame is not copied. */
  #complete(piece: Int16Array): Int16Array | undefined {
    if (piece.length === this.#frame.length) return piece;
    this.#frame.set(piece, this.#filled);
    this.#filled = (this.#filled + piece.length) % this.#frame.length;
    return this.#filled === 0 ? this.#frame : undefined;
  }

  #score(frame: Int16Array, segments: CutSegment[]): void {
    this.#tape.append(frame);
    const score = this.#detector.push(frame);
    this.#pauses.push(score, this.#position);
    this.#history.push(score, this.#pauses.speaking);
    for (let segment = this.#next(); segment !== undefined; segment = this.#next()) segments.push(segment);
  }

  /** The segment that is complete with the frames scored by now. */
  #next(): CutSegment | undefined {
    const earliest = this.#first + this.#rule.minSamples;
    if (this.#position < earliest + this.#lengths.shortestInWindow) return undefined;
    const latest = this.#first + this.#rule.maxSamples;
    const closing = this.#position + this.#frame.length > latest;
    const window = { earliest, latest, now: this.#position, closing };
    const pause = choosePause(
      { policy: this.#rule.policy, lengths: this.#lengths },
      this.#pauses.pauses(),
      window,
    );
    if (pause !== undefined) return this.#cut(Math.floor((pause.start + pause.end) / 2), 'pause');
    return closing ? this.#cut(this.#leastSpeechLike(window), 'forced') : undefined;
  }

  #leastSpeechLike(window: CutWindow): number {
    const size = this.#frame.length;
    const width = Math.max(1, Math.round((FORCED_STRETCH_SECONDS * this.#rule.sampleRate) / size));
    const stretch = this.#history.leastSpeechLike(
      this.#frameFrom(window.earliest),
      this.#history.count,
      width,
    );
    const middle = this.#origin + (stretch - this.#originFrame) * size + Math.floor((width * size) / 2);
    return Math.min(middle, window.now);
  }

  #cut(end: number, cut: CutSegment['cut']): CutSegment {
    const firstSample = this.#first;
    const samples = this.#tape.copy(firstSample, end);
    const frames = Math.min(this.#frameFrom(end), this.#history.count);
    const { speechRatio, longestClearRun } = this.#history.summary(this.#frameFrom(firstSample), frames);
    this.#first = end;
    this.#tape.dropBefore(end);
    this.#pauses.dropBefore(end);
    const isClear = longestClearRun * this.#frame.length >= LEAST_SPEECH_SECONDS * this.#rule.sampleRate;
    const isShort = samples.length < TRUSTED_SECONDS * this.#rule.sampleRate;
    const speech = (isClear || isShort) && this.#isAudible(samples);
    return { firstSample, samples, cut, speechRatio, levelDb: rmsDb(samples), speech };
  }

  #isAudible(samples: Int16Array): boolean {
    for (let start = 0; start < samples.length; start += this.#frame.length) {
      if (rmsDb(samples.subarray(start, start + this.#frame.length)) >= QUIET_DB) return true;
    }
    return false;
  }

  /** Number of the first frame that starts at a position or behind it. */
  #frameFrom(position: number): number {
    return this.#originFrame + Math.ceil((position - this.#origin) / this.#frame.length);
  }
}

function pauseLengths(rule: CutRule): PauseLengths {
  const samples = (ms: number): number => Math.round((ms / 1000) * rule.sampleRate);
  const shortest = rule.minPauseSamples;
  return {
    shortest,
    shortestInWindow: Math.min(shortest, samples(100)),
    settled: Math.max(shortest, samples(600)),
    wanted: Math.max(shortest, samples(500)),
    decaySamples: samples(5000),
  };
}

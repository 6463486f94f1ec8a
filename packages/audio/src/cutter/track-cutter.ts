import { int16At } from '../elements.ts';
import { GapFinder } from '../gap/gap-finder.ts';
import { energyDb, sumOfSquares } from '../levels.ts';
import type { SpeechDetector } from '../vad/speech-detector.ts';
import type { Cut, Cutter } from './cut.ts';
import { type CutWindow, choosePause, type PauseLengths } from './cut-policy.ts';
import type { CutRule } from './cut-rule.ts';
import { EnergyLedger } from './energy-ledger.ts';
import { FrameHistory } from './frame-history.ts';
import { PauseFinder } from './pause-finder.ts';
import { SpokenMeter } from './spoken-meter.ts';

/** A forced cut looks for the least speech-like stretch of this length. */
const FORCED_STRETCH_SECONDS = 0.12;
/** A segment with no frame louder than this holds no speech, dB below full scale. */
const QUIET_DB = -65;
const FULL_SCALE = 32_768;
/** Clear speech in a row without which there is none, and the length of segment needed to trust that; seconds. */
const LEAST_SPEECH_SECONDS = 0.08;
const TRUSTED_SECONDS = 1;
/** Frames remembered beyond those of a whole window: parts of one at both ends, and the one that was scored last. */
const SPARE_FRAMES = 3;

/** Cuts a track with a detector; positions are samples of the track. */
export class TrackCutter implements Cutter {
  readonly #detector: SpeechDetector;
  readonly #rule: CutRule;
  readonly #lengths: PauseLengths;
  readonly #history: FrameHistory;
  readonly #energy: EnergyLedger;
  readonly #spoken: SpokenMeter;
  /** Energy of a frame from which on it can be heard. */
  readonly #quietEnergy: number;
  /** The frame that is being filled where none is whole, and whether whole ones are read where they are. */
  readonly #frame: Int16Array;
  readonly #readsInPlace: boolean;
  #filled = 0;
  #pauses: PauseFinder;
  /** Finds places to cut at when the detector tells enough for that; otherwise the pauses in its scores are used. */
  readonly #gaps: GapFinder | undefined;
  /** Position and number of the frame that comes first after the start or a flush. */
  #origin: number;
  #originFrame = 0;
  /** Position of the first sample that is in no segment yet, and behind the last frame that was scored. */
  #first: number;
  #scored: number;

  constructor(detector: SpeechDetector, rule: CutRule, origin: number) {
    const size = detector.frameSamples;
    const choice = Math.ceil((rule.maxSamples - rule.minSamples) / size) + SPARE_FRAMES;
    this.#detector = detector;
    this.#rule = rule;
    this.#lengths = pauseLengths(rule);
    this.#gaps = gapFinder(rule, detector);
    const scores = this.#gaps === undefined ? choice : 1;
    this.#history = new FrameHistory(Math.ceil(rule.maxSamples / size) + SPARE_FRAMES, scores);
    this.#energy = new EnergyLedger(size, choice, origin);
    this.#spoken = new SpokenMeter(Math.ceil((LEAST_SPEECH_SECONDS * rule.sampleRate) / size));
    this.#quietEnergy = size * (FULL_SCALE * 10 ** (QUIET_DB / 20)) ** 2;
    this.#frame = new Int16Array(size);
    this.#readsInPlace = detector.pushFrom !== undefined;
    this.#pauses = new PauseFinder(origin);
    this.#origin = origin;
    this.#first = origin;
    this.#scored = origin;
  }

  get position(): number {
    return this.#scored + this.#filled;
  }

  get pendingSamples(): number {
    return this.position - this.#first;
  }

  get spokenSamples(): number {
    return this.#spoken.frames * this.#frame.length;
  }

  push(samples: Int16Array): Cut[] {
    const cuts: Cut[] = [];
    const size = this.#frame.length;
    let taken = 0;
    while (taken < samples.length) {
      if (this.#readsInPlace && this.#filled === 0 && samples.length - taken >= size) {
        this.#score(samples, taken, cuts);
        taken += size;
        continue;
      }
      taken = this.#fill(samples, taken);
      if (this.#filled < size) break;
      this.#filled = 0;
      this.#score(this.#frame, 0, cuts);
    }
    return cuts;
  }

  flush(): Cut | undefined {
    const end = this.position;
    const rest = end > this.#first ? this.#cut(end, 'end') : undefined;
    this.#filled = 0;
    this.#first = end;
    this.#scored = end;
    this.#origin = end;
    this.#originFrame = this.#history.count;
    this.#pauses = new PauseFinder(end);
    this.#gaps?.restart();
    this.#energy.restart(end);
    return rest;
  }

  /** Copies samples from a place on into the frame, as many as it takes; without views, which would be garbage. */
  #fill(samples: Int16Array, from: number): number {
    const frame = this.#frame;
    const filled = this.#filled;
    const count = Math.min(samples.length - from, frame.length - filled);
    for (let index = 0; index < count; index += 1) frame[filled + index] = int16At(samples, from + index);
    this.#filled = filled + count;
    return from + count;
  }

  /** Takes the frame that starts at a place of some samples; only a detector that reads in place sees any but `#frame`. */
  #score(samples: Int16Array, from: number, cuts: Cut[]): void {
    const detector = this.#detector;
    const size = this.#frame.length;
    const score = detector.pushFrom?.(samples, from) ?? detector.push(this.#frame);
    this.#scored += size;
    this.#pauses.push(score, this.#scored);
    const speech = this.#pauses.speaking;
    const { spectrum } = detector;
    const energy = spectrum?.energy ?? sumOfSquares(samples, from, from + size);
    this.#energy.push(energy);
    const audible = energy >= this.#quietEnergy;
    const clear = this.#history.push(score, speech, audible);
    this.#spoken.push(speech, clear && audible);
    if (spectrum !== undefined) this.#gaps?.push(spectrum.energies, audible);
    for (let cut = this.#next(); cut !== undefined; cut = this.#next()) cuts.push(cut);
  }

  /** The segment that is complete with the frames scored by now. */
  #next(): Cut | undefined {
    if (this.#gaps !== undefined) return this.#nextGap(this.#gaps);
    const earliest = this.#first + this.#rule.minSamples;
    if (this.#scored < earliest + this.#lengths.shortestInWindow) return undefined;
    const latest = this.#first + this.#rule.maxSamples;
    const closing = this.#scored + this.#frame.length > latest;
    const window = { earliest, latest, now: this.#scored, closing };
    const pause = choosePause(
      { policy: this.#rule.policy, lengths: this.#lengths },
      this.#pauses.pauses(),
      window,
    );
    if (pause !== undefined) return this.#cut(Math.floor((pause.start + pause.end) / 2), 'pause');
    return closing ? this.#cut(this.#leastSpeechLike(window), 'forced') : undefined;
  }

  #nextGap(gaps: GapFinder): Cut | undefined {
    const gap = gaps.next();
    if (gap === undefined) return undefined;
    const end = this.#origin + (gap.frame - this.#originFrame) * this.#frame.length;
    return this.#cut(end, gap.sure ? 'pause' : 'forced');
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

  #cut(end: number, cut: Cut['cut']): Cut {
    const firstSample = this.#first;
    const samples = end - firstSample;
    const { speechRatio, longestClearRun } = this.#history.summary(
      this.#frameFrom(firstSample),
      Math.min(this.#frameFrom(end), this.#history.count),
    );
    const isClear = longestClearRun * this.#frame.length >= LEAST_SPEECH_SECONDS * this.#rule.sampleRate;
    const isShort = samples < TRUSTED_SECONDS * this.#rule.sampleRate;
    const speech =
      (isClear || isShort) && this.#isAudible(firstSample, end) && this.#isVaried(firstSample, end);
    const energy = this.#energy.until(Math.min(end, this.#scored)) + this.#unscoredEnergy(end);
    this.#first = end;
    this.#energy.startAfter(energy);
    this.#pauses.dropBefore(end);
    return { firstSample, samples, cut, speechRatio, levelDb: energyDb(energy, samples), speech };
  }

  /** Whether the levels in [from, to) come and go as those of speech do, as far as the detector tells. */
  #isVaried(from: number, to: number): boolean {
    const end = Math.min(this.#frameFrom(to), this.#history.count);
    return this.#gaps?.mayBeSpeech(this.#frameFrom(from), end) ?? true;
  }

  /** Whether any frame of [from, to) is loud enough, be it in there only in part. */
  #isAudible(from: number, to: number): boolean {
    const start = Math.max(this.#originFrame, this.#frameFrom(from + 1) - 1);
    if (this.#history.isAudible(start, Math.min(this.#frameFrom(to), this.#history.count))) return true;
    return to > this.#scored && energyDb(this.#unscoredEnergy(to), to - this.#scored) >= QUIET_DB;
  }

  /** Energy of what lies behind the last frame, which only the end of a track can cut. */
  #unscoredEnergy(end: number): number {
    return end > this.#scored ? sumOfSquares(this.#frame, 0, this.#filled) : 0;
  }

  /** Number of the first frame that starts at a position or behind it. */
  #frameFrom(position: number): number {
    return this.#originFrame + Math.ceil((position - this.#origin) / this.#frame.length);
  }
}

/** Rate at which the highest band of a detector is the highest of the five that gaps are found with, Hz. */
const FULL_BAND_RATE = 16_000;

function gapFinder(rule: CutRule, detector: SpeechDetector): GapFinder | undefined {
  if (!rule.anyPause || detector.spectrum === undefined) return undefined;
  const size = detector.frameSamples;
  const earliest = Math.ceil(rule.minSamples / size);
  const places = { earliest, latest: Math.floor(rule.maxSamples / size) };
  const absent = Math.max(0, Math.round(Math.log2(FULL_BAND_RATE / rule.sampleRate)));
  return GapFinder.canMeet(places) ? new GapFinder(places, absent) : undefined;
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

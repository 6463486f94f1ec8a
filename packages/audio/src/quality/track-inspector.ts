import type { ProcessingIssue } from '@earshot/protocol';
import { Alarm, type Verdict } from './alarm.ts';
import { ProbeTaker } from './probe-taker.ts';
import { RateWatch } from './rate/rate-watch.ts';
import { textureOf } from './texture.ts';
import { ClippingWatch } from './watches/clipping-watch.ts';
import { DriftWatch } from './watches/drift-watch.ts';
import { EncodingWatch } from './watches/encoding-watch.ts';
import { SilenceWatch } from './watches/silence-watch.ts';
import { SpeechWatch } from './watches/speech-watch.ts';

/** What is known when samples come, besides them. */
export interface TrackFacts {
  /** Now, on a monotonic clock, ms. */
  readonly elapsedMs: number;
  /** Samples of the track so far that are speech, these included; `Cutter.spokenSamples`. */
  readonly spokenSamples: number;
}

export interface TrackInspectorOptions {
  readonly track: string;
  /** Hz. */
  readonly sampleRate: number;
  /** Position of the first sample that will be pushed; 0 by default. */
  readonly origin?: number;
  /** Whether another track had sound since a time, if there are others: else silence is nobody's fault. */
  readonly heardElsewhere?: (sinceMs: number) => boolean;
}

/** Listens to one track and tells what is wrong with it. */
export interface TrackInspector {
  /** Takes samples as they come, without those made up for gaps, and gives the warnings that are new. */
  push(samples: Int16Array, facts: TrackFacts): ProcessingIssue[];
  /** Takes how many samples of the track are known to be missing before those that come next. */
  gap(samples: number): void;
  /** When there was sound other than digital silence, on the clock of the facts; -Infinity for never. */
  readonly lastSoundMs: number;
}

/** The kinds of `ProcessingIssue` that an inspector gives, by what finds them. */
const TYPES = {
  speech: 'no_speech',
  encoding: 'wrong_encoding_suspected',
  rate: 'wrong_rate_suspected',
  clipping: 'clipping',
  silence: 'digital_silence',
  drift: 'clock_drift',
} as const;

/** Creates an inspector, of about 10 kB; each kind of warning is given when its trouble begins, three times at most. */
export function createTrackInspector(options: TrackInspectorOptions): TrackInspector {
  return new Inspector(options);
}

class Inspector implements TrackInspector {
  readonly #taker: ProbeTaker;
  readonly #speech: SpeechWatch;
  readonly #encoding = new EncodingWatch();
  readonly #rate: RateWatch;
  readonly #clipping = new ClippingWatch();
  readonly #silence: SilenceWatch;
  readonly #drift: DriftWatch;
  readonly #alarms: Readonly<Record<keyof typeof TYPES, Alarm>>;
  readonly #heardElsewhere: (sinceMs: number) => boolean;
  #position: number;

  constructor({ track, sampleRate, origin = 0, heardElsewhere = () => true }: TrackInspectorOptions) {
    this.#taker = new ProbeTaker(sampleRate);
    this.#speech = new SpeechWatch(sampleRate);
    this.#rate = new RateWatch(sampleRate);
    this.#silence = new SilenceWatch(sampleRate);
    this.#drift = new DriftWatch(sampleRate);
    this.#heardElsewhere = heardElsewhere;
    this.#position = origin;
    this.#alarms = {
      speech: new Alarm(TYPES.speech, track),
      encoding: new Alarm(TYPES.encoding, track),
      rate: new Alarm(TYPES.rate, track),
      clipping: new Alarm(TYPES.clipping, track),
      silence: new Alarm(TYPES.silence, track),
      drift: new Alarm(TYPES.drift, track),
    };
  }

  get lastSoundMs(): number {
    return this.#silence.lastSoundMs;
  }

  push(samples: Int16Array, { elapsedMs, spokenSamples }: TrackFacts): ProcessingIssue[] {
    const issues: ProcessingIssue[] = [];
    if (samples.length === 0) return issues;
    this.#position += samples.length;
    this.#tell('silence', this.#silence.push(samples, elapsedMs, this.#heardElsewhere), issues);
    this.#tell('drift', this.#drift.push(samples.length, elapsedMs), issues);
    this.#tell('speech', this.#speech.push(samples.length, spokenSamples), issues);
    if (!this.#rate.isDone) this.#rate.push(samples);
    for (let taken = 0; taken < samples.length; ) {
      taken = this.#taker.take(samples, taken);
      if (this.#taker.isComplete) this.#inspectProbe(issues);
    }
    return issues;
  }

  gap(samples: number): void {
    this.#position += samples;
    this.#drift.skip(samples);
  }

  #inspectProbe(issues: ProcessingIssue[]): void {
    const probe = this.#taker.samples;
    const texture = textureOf(probe);
    const encoding = this.#encoding.push(probe, texture);
    this.#tell('encoding', encoding, issues);
    if (encoding !== undefined || this.#encoding.looksWrong) return;
    this.#tell('clipping', this.#clipping.push(probe, texture), issues);
    this.#tell('rate', this.#rate.pushProbe(probe, texture), issues);
  }

  #tell(kind: keyof typeof TYPES, verdict: Verdict, issues: ProcessingIssue[]): void {
    const issue = this.#alarms[kind].hear(verdict, this.#position);
    if (issue !== undefined) issues.push(issue);
  }
}

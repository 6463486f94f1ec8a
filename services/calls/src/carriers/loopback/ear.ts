import { LIMITS } from '@earshot/protocol';

const TICK_SAMPLES = (LIMITS.callSampleRate * LIMITS.callTickMs) / 1000;
/** A peer that has heard nothing for this many ticks expects audio all the same. */
const GRACE_TICKS = 10;
/** What may wait beyond the buffer. What came too late adds no delay for good, which would hide the next delay. */
const SLACK_SAMPLES = 2 * TICK_SAMPLES;

/** How well a peer was served. */
export interface HearingFigures {
  /** Calls of `send`, and their samples. */
  readonly sends: number;
  readonly samplesHeard: number;
  /** Ticks at which audio had to be there, and those of them at which none was. */
  readonly ticksDue: number;
  readonly underruns: number;
  /** Samples thrown away because they came late or too many at once. */
  readonly overflowSamples: number;
  /** Longest time between two sends of one link, ms. */
  readonly longestGapMs: number;
}

/** What rounding may make of a time, in ticks. */
const ROUNDING = 1e-6;

/**
 * A peer's playout: fills a small buffer first, then takes a tick of audio from it every 20 ms. It goes by the times that
 * it is told, so that audio which comes late is missed, also when the peer itself stood still with its sender.
 */
export class Ear {
  readonly #bufferSamples: number;
  #startMs = 0;
  #ticks = 0;
  #buffered = 0;
  #playing = false;
  #waitedTicks = 0;
  #sends = 0;
  #samplesHeard = 0;
  #ticksDue = 0;
  #underruns = 0;
  #overflowSamples = 0;
  #longestGapMs = 0;
  #lastSendMs: number | undefined;

  constructor(bufferMs: number) {
    this.#bufferSamples = (bufferMs * LIMITS.callSampleRate) / 1000;
  }

  /** The peer has a new link: what the last one left counts no more. */
  start(atMs: number): void {
    this.clear();
    this.#startMs = atMs;
    this.#ticks = 0;
    this.#lastSendMs = undefined;
  }

  hear(samples: number, atMs: number): void {
    this.play(atMs);
    this.#sends += 1;
    this.#samplesHeard += samples;
    if (this.#lastSendMs !== undefined) {
      this.#longestGapMs = Math.max(this.#longestGapMs, atMs - this.#lastSendMs);
    }
    this.#lastSendMs = atMs;
    this.#buffered += samples;
    if (this.#buffered <= this.#bufferSamples + SLACK_SAMPLES) return;
    this.#overflowSamples += this.#buffered - this.#bufferSamples;
    this.#buffered = this.#bufferSamples;
  }

  /** Plays what was due by then. */
  play(toMs: number): void {
    const due = Math.floor((toMs - this.#startMs) / LIMITS.callTickMs + ROUNDING);
    for (; this.#ticks < due; this.#ticks += 1) this.#tick();
  }

  clear(): void {
    this.#buffered = 0;
    this.#playing = false;
    this.#waitedTicks = 0;
  }

  get figures(): HearingFigures {
    return {
      sends: this.#sends,
      samplesHeard: this.#samplesHeard,
      ticksDue: this.#ticksDue,
      underruns: this.#underruns,
      overflowSamples: this.#overflowSamples,
      longestGapMs: this.#longestGapMs,
    };
  }

  #tick(): void {
    if (!this.#playing) {
      this.#waitedTicks += 1;
      const ready = this.#buffered > 0 && this.#buffered >= this.#bufferSamples;
      if (!ready && this.#waitedTicks <= GRACE_TICKS) return;
      this.#playing = true;
    }
    this.#ticksDue += 1;
    if (this.#buffered < TICK_SAMPLES) this.#underruns += 1;
    this.#buffered = Math.max(0, this.#buffered - TICK_SAMPLES);
  }
}

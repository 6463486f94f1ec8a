import { LIMITS } from '@earshot/protocol';

const TICK_SAMPLES = (LIMITS.callSampleRate * LIMITS.callTickMs) / 1000;
/** A peer that has heard nothing for this many ticks expects audio all the same. */
const GRACE_TICKS = 10;
const MOST_BUFFERED = LIMITS.callSampleRate;

/** How well a peer was served. */
export interface HearingFigures {
  /** Calls of `send`, and their samples. */
  readonly sends: number;
  readonly samplesHeard: number;
  /** Ticks at which audio had to be there, and those of them at which none was. */
  readonly ticksDue: number;
  readonly underruns: number;
  /** Samples thrown away because more than a second was waiting. */
  readonly overflowSamples: number;
  /** Longest time between two sends of one link, ms. */
  readonly longestGapMs: number;
}

/** A peer's playout: fills a small buffer first, then takes a tick of audio from it every 20 ms. */
export class Ear {
  readonly #bufferSamples: number;
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
  start(): void {
    this.clear();
    this.#lastSendMs = undefined;
  }

  hear(samples: number, atMs: number): void {
    this.#sends += 1;
    this.#samplesHeard += samples;
    if (this.#lastSendMs !== undefined) {
      this.#longestGapMs = Math.max(this.#longestGapMs, atMs - this.#lastSendMs);
    }
    this.#lastSendMs = atMs;
    this.#buffered += samples;
    if (this.#buffered <= MOST_BUFFERED) return;
    this.#overflowSamples += this.#buffered - this.#bufferSamples;
    this.#buffered = this.#bufferSamples;
  }

  tick(): void {
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
}

import { float64At } from '../../elements.ts';
import type { Verdict } from '../alarm.ts';

const WINDOW_MS = 10_000;
/** Windows that are judged together: two minutes. */
const WINDOWS = 12;
/** Drift that is told, in parts of the rate. */
const LEAST_DRIFT = 0.005;
/** A source this much faster than real time is no live one. */
const NOT_LIVE = 0.5;
/** Windows that have to agree with their median, to this part of it or this much, whichever is more. */
const AGREEING = 9;
const AGREE_PART = 0.1;
const AGREE_LEAST = 0.003;

/**
 * Finds a sender whose clock runs fast or slow. How late audio comes changes with jitter, bursts and resumes, but the
 * least delay in each ten seconds does not, unless the clocks drift: its slope, taken as the median of many so that
 * single jumps do not count, is the drift. Windows that disagree are no steady drift but a bad network.
 */
export class DriftWatch {
  readonly #samplesPerMs: number;
  readonly #slopes = new Float64Array(WINDOWS);
  #count = 0;
  #samples = 0;
  /** The window at hand, and the least delay in it and when; the same of the window before. */
  #windowStartMs = -1;
  #delayMs = Infinity;
  #atMs = 0;
  #lastDelayMs = Infinity;
  #lastAtMs = 0;
  #verdict: Verdict;

  constructor(sampleRate: number) {
    this.#samplesPerMs = sampleRate / 1000;
  }

  /** Takes how many samples are known to be missing. */
  skip(samples: number): void {
    this.#samples += samples;
  }

  /** Takes how many samples came at a time of a monotonic clock. */
  push(samples: number, elapsedMs: number): Verdict {
    this.#samples += samples;
    if (this.#windowStartMs < 0 || elapsedMs < this.#atMs) this.#begin(elapsedMs);
    const delayMs = elapsedMs - this.#samples / this.#samplesPerMs;
    if (elapsedMs - this.#windowStartMs >= WINDOW_MS) this.#closeWindow(elapsedMs);
    if (delayMs <= this.#delayMs) {
      this.#delayMs = delayMs;
      this.#atMs = elapsedMs;
    }
    return this.#verdict;
  }

  #begin(elapsedMs: number): void {
    this.#windowStartMs = elapsedMs;
    this.#delayMs = Infinity;
    this.#lastDelayMs = Infinity;
    this.#count = 0;
  }

  #closeWindow(elapsedMs: number): void {
    if (this.#lastDelayMs < Infinity && this.#atMs > this.#lastAtMs) {
      const slope = (this.#delayMs - this.#lastDelayMs) / (this.#atMs - this.#lastAtMs);
      this.#slopes[this.#count % WINDOWS] = slope;
      this.#count += 1;
      this.#verdict = this.#count < WINDOWS ? undefined : driftOf(this.#slopes);
    }
    this.#lastDelayMs = this.#delayMs;
    this.#lastAtMs = this.#atMs;
    this.#delayMs = Infinity;
    this.#windowStartMs = elapsedMs;
  }
}

function driftOf(slopes: Float64Array): Verdict {
  const sorted = slopes.toSorted();
  const slope = (float64At(sorted, WINDOWS / 2 - 1) + float64At(sorted, WINDOWS / 2)) / 2;
  const near = Math.max(AGREE_LEAST, AGREE_PART * Math.abs(slope));
  const agreeing = sorted.filter((other) => Math.abs(other - slope) <= near).length;
  if (Math.abs(slope) < LEAST_DRIFT || agreeing < AGREEING || -slope >= NOT_LIVE) return undefined;
  const percent = Number((Math.abs(slope) * 100).toFixed(2));
  const way = slope > 0 ? 'slower' : 'faster';
  return {
    message: `Audio comes ${percent} % ${way} than its sample rate says.`,
    details: { drift_percent: slope > 0 ? -percent : percent },
  };
}

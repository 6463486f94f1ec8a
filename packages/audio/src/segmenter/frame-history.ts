import { float64At } from '../elements.ts';

/** What the frames of a segment say together. */
export interface FrameSummary {
  /** Part of the frames that belong to speech, 0 to 1. */
  readonly speechRatio: number;
  /** Frames in the longest run whose scores leave little doubt that it is speech. */
  readonly longestClearRun: number;
}

/** Scores from here on leave little doubt: steady noise reaches them for three frames in a row at most. */
const CLEAR_SPEECH = 0.7;

/** Remembers the last frames of a track, by number: their scores, and whether they belong to speech. */
export class FrameHistory {
  readonly #capacity: number;
  readonly #scores: Float64Array;
  readonly #speech: Uint8Array;
  #count = 0;

  /** `capacity` frames are remembered; older ones may not be asked for. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#scores = new Float64Array(capacity);
    this.#speech = new Uint8Array(capacity);
  }

  /** Frames taken so far. */
  get count(): number {
    return this.#count;
  }

  push(score: number, speech: boolean): void {
    const slot = this.#count % this.#capacity;
    this.#scores[slot] = score;
    this.#speech[slot] = speech ? 1 : 0;
    this.#count += 1;
  }

  /** First of the `width` frames in [from, to) whose mean score is lowest; the first such place of several. */
  leastSpeechLike(from: number, to: number, width: number): number {
    let best = from;
    let lowest = Infinity;
    for (let start = from; start + width <= to; start += 1) {
      let sum = 0;
      for (let frame = start; frame < start + width; frame += 1) sum += this.#score(frame);
      if (sum < lowest) {
        best = start;
        lowest = sum;
      }
    }
    return best;
  }

  /** Sums up the frames [from, to). */
  summary(from: number, to: number): FrameSummary {
    let speech = 0;
    let run = 0;
    let longestClearRun = 0;
    for (let frame = from; frame < to; frame += 1) {
      run = this.#score(frame) >= CLEAR_SPEECH ? run + 1 : 0;
      longestClearRun = Math.max(longestClearRun, run);
      speech += this.#speech[frame % this.#capacity] === 1 ? 1 : 0;
    }
    return { speechRatio: to > from ? speech / (to - from) : 0, longestClearRun };
  }

  #score(frame: number): number {
    return float64At(this.#scores, frame % this.#capacity);
  }
}

/** What the frames of a segment say together. */
export interface FrameSummary {
  /** Part of the frames that belong to speech, 0 to 1. */
  readonly speechRatio: number;
  /** Frames in the longest run whose scores leave little doubt that it is speech. */
  readonly longestClearRun: number;
}

/** Scores from here on leave little doubt: steady noise reaches them for three frames in a row at most. */
const CLEAR_SPEECH = 0.7;

const SPEECH = 1;
const CLEAR = 2;
const AUDIBLE = 4;

/** Remembers the last frames of a track, by number: what they are, and of fewer their scores. */
export class FrameHistory {
  readonly #marks: Uint8Array;
  readonly #scores: Float64Array;
  #count = 0;

  /** `frames` frames are remembered and the scores of `scores` of them; older ones may not be asked for. */
  constructor(frames: number, scores: number) {
    this.#marks = new Uint8Array(frames);
    this.#scores = new Float64Array(scores);
  }

  /** Frames taken so far. */
  get count(): number {
    return this.#count;
  }

  /**
   * Takes a frame: its score, whether it belongs to speech and whether it is loud enough to hear. Gives whether it is
   * clearly speech.
   */
  push(score: number, speech: boolean, audible: boolean): boolean {
    const clear = score >= CLEAR_SPEECH;
    this.#marks[this.#count % this.#marks.length] =
      (speech ? SPEECH : 0) | (clear ? CLEAR : 0) | (audible ? AUDIBLE : 0);
    this.#scores[this.#count % this.#scores.length] = score;
    this.#count += 1;
    return clear;
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
      const marks = this.#marksOf(frame);
      run = (marks & CLEAR) === 0 ? 0 : run + 1;
      longestClearRun = Math.max(longestClearRun, run);
      speech += marks & SPEECH;
    }
    return { speechRatio: to > from ? speech / (to - from) : 0, longestClearRun };
  }

  /** Whether any of the frames [from, to) can be heard. */
  isAudible(from: number, to: number): boolean {
    for (let frame = from; frame < to; frame += 1) if ((this.#marksOf(frame) & AUDIBLE) !== 0) return true;
    return false;
  }

  #marksOf(frame: number): number {
    return this.#marks[frame % this.#marks.length] ?? 0;
  }

  #score(frame: number): number {
    return this.#scores[frame % this.#scores.length] ?? 0;
  }
}

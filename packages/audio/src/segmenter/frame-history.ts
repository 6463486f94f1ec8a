import { float64At } from '../elements.ts';

/** What the frames of a segment say together. */
export interface FrameSummary {
  /** Part of the frames that belong to speech, 0 to 1. */
  readonly speechRatio: number;
  /** Frames in the longest run of speech. */
  readonly longestSpeech: number;
  /** Highest energy of a frame, as a sum of squares. */
  readonly loudest: number;
}

/** Remembers the last frames of a track, by number: score, energy, whether they belong to speech. */
export class FrameHistory {
  readonly #capacity: number;
  readonly #scores: Float64Array;
  readonly #energies: Float64Array;
  readonly #speech: Uint8Array;
  #count = 0;

  /** `capacity` frames are remembered; older ones may not be asked for. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#scores = new Float64Array(capacity);
    this.#energies = new Float64Array(capacity);
    this.#speech = new Uint8Array(capacity);
  }

  /** Frames taken so far. */
  get count(): number {
    return this.#count;
  }

  push(score: number, energy: number, speech: boolean): void {
    const slot = this.#count % this.#capacity;
    this.#scores[slot] = score;
    this.#energies[slot] = energy;
    this.#speech[slot] = speech ? 1 : 0;
    this.#count += 1;
  }

  /**
   * First frame of the `width` frames in [from, to) whose mean score is lowest; of equal ones the quietest, then the
   * first. Energies break ties because a score cannot rise above certainty.
   */
  leastSpeechLike(from: number, to: number, width: number): number {
    let best = from;
    let bestScore = Infinity;
    let bestEnergy = Infinity;
    for (let start = from; start + width <= to; start += 1) {
      const score = this.#sum(this.#scores, start, width);
      const energy = this.#sum(this.#energies, start, width);
      if (score < bestScore || (score === bestScore && energy < bestEnergy)) {
        best = start;
        bestScore = score;
        bestEnergy = energy;
      }
    }
    return best;
  }

  /** Sums up the frames [from, to). */
  summary(from: number, to: number): FrameSummary {
    let speech = 0;
    let run = 0;
    let longestSpeech = 0;
    let loudest = 0;
    for (let frame = from; frame < to; frame += 1) {
      const slot = frame % this.#capacity;
      const isSpeech = this.#speech[slot] === 1;
      run = isSpeech ? run + 1 : 0;
      speech += isSpeech ? 1 : 0;
      longestSpeech = Math.max(longestSpeech, run);
      loudest = Math.max(loudest, float64At(this.#energies, slot));
    }
    return { speechRatio: to > from ? speech / (to - from) : 0, longestSpeech, loudest };
  }

  #sum(values: Float64Array, start: number, width: number): number {
    let sum = 0;
    for (let frame = start; frame < start + width; frame += 1)
      sum += float64At(values, frame % this.#capacity);
    return sum;
  }
}

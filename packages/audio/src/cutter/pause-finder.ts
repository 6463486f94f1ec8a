/** A run of samples [start, end) without speech; `open` while it may still grow. */
export interface Pause {
  readonly start: number;
  readonly end: number;
  readonly open: boolean;
}

/** A pause begins where the score falls below the first and ends where it reaches the second. */
const PAUSE_BELOW = 0.35;
const SPEECH_FROM = 0.5;

/** Turns scores of consecutive frames into pauses, with hysteresis; a track begins in a pause. */
export class PauseFinder {
  readonly #closed: Pause[] = [];
  #speaking = false;
  #start: number;
  #end: number;

  /** `origin` is the position of the first frame. */
  constructor(origin: number) {
    this.#start = origin;
    this.#end = origin;
  }

  /** Whether the last frame belongs to speech. */
  get speaking(): boolean {
    return this.#speaking;
  }

  /** Takes the score of the frame that ends at a position. */
  push(score: number, end: number): void {
    if (this.#speaking && score < PAUSE_BELOW) {
      this.#speaking = false;
      this.#start = this.#end;
    } else if (!this.#speaking && score >= SPEECH_FROM) {
      this.#speaking = true;
      this.#closed.push({ start: this.#start, end: this.#end, open: false });
    }
    this.#end = end;
  }

  /** The pauses that were not dropped, in order; the last may be open. */
  pauses(): readonly Pause[] {
    if (this.#speaking) return this.#closed;
    return [...this.#closed, { start: this.#start, end: this.#end, open: true }];
  }

  /** Forgets pauses that end at a position or before it. */
  dropBefore(position: number): void {
    while (this.#closed[0] !== undefined && this.#closed[0].end <= position) this.#closed.shift();
  }
}

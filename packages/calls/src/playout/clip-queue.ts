import { LIMITS } from '@earshot/protocol';
import { addClipped } from '../mix/clip-sum.ts';
import type { Clip, PlayoutEvent } from '../ports.ts';

interface Playing {
  readonly clip: Clip;
  started: boolean;
  heardSamples: number;
}

/** Clips that play one after the other without a hole between. Every clip in it is closed once and told as ended once. */
export class ClipQueue {
  readonly #tell: (event: PlayoutEvent) => void;
  readonly #waiting: Clip[] = [];
  #playing: Playing | null = null;
  #read = 0;

  constructor(tell: (event: PlayoutEvent) => void) {
    this.#tell = tell;
  }

  /** Samples read from clips so far. */
  get readSamples(): number {
    return this.#read;
  }

  /** True while there is nothing to play. */
  get isEmpty(): boolean {
    return this.#playing === null && this.#waiting.length === 0;
  }

  add(clip: Clip): boolean {
    if (this.#waiting.length >= LIMITS.maxQueuedPlays) return false;
    this.#waiting.push(clip);
    return true;
  }

  /** Adds what comes next to `out`, from its start on; tells how many samples. `audible`: the peer hears them. */
  mixInto(out: Int16Array, audible: boolean): number {
    let filled = 0;
    while (filled < out.length) {
      const playing = this.#current();
      if (playing === null) break;
      const next = playing.clip.next(out.length - filled);
      if (next === null) {
        this.#finish(playing, true);
        continue;
      }
      if (next.length === 0) break;
      addClipped(out, next, filled);
      filled += next.length;
      if (!playing.started) this.#tell({ type: 'play_started', playId: playing.clip.playId });
      playing.started = true;
      if (audible) playing.heardSamples += next.length;
    }
    this.#read += filled;
    return filled;
  }

  clear(): void {
    for (let playing = this.#current(); playing !== null; playing = this.#current()) {
      this.#finish(playing, false);
    }
  }

  #current(): Playing | null {
    const clip = this.#playing === null ? this.#waiting.shift() : undefined;
    if (clip !== undefined) this.#playing = { clip, started: false, heardSamples: 0 };
    return this.#playing;
  }

  #finish({ clip, heardSamples }: Playing, complete: boolean): void {
    this.#playing = null;
    clip.close();
    this.#tell({ type: 'play_ended', playId: clip.playId, heardSamples, complete });
  }
}

import { LIMITS } from '@earshot/protocol';
import type { MediaTap } from '../../../ports.ts';

/** Audio is offered to the call in pieces of this many samples, so that a long message can be taken in part. */
const PIECE_SAMPLES = LIMITS.callSampleRate / 10;
const SAMPLES_PER_MS = LIMITS.callSampleRate / 1000;

type Held =
  | { readonly type: 'audio'; readonly samples: Int16Array }
  | { readonly type: 'mark'; readonly name: string };

/** Reading of a socket; TCP slows the sender down while it is paused. */
export interface Reading {
  pause(): void;
  resume(): void;
}

/** Fill levels at which reading stops and goes on again, ms. */
export interface ReadMarks {
  readonly pauseMs: number;
  readonly resumeMs: number;
}

/**
 * Leads what a client says into its call, in order and without loss: what the call does not take yet is held here,
 * and the socket is not read meanwhile, so no more than what was on its way already can be held.
 */
export class TalkLine {
  readonly #tap: MediaTap;
  readonly #reading: Reading;
  readonly #held: Held[] = [];
  #heldSamples = 0;
  #isPaused = false;
  /** Changes when a client turns out to watch its fill level itself. */
  marks: ReadMarks;

  constructor(tap: MediaTap, reading: Reading, marks: ReadMarks) {
    this.#tap = tap;
    this.#reading = reading;
    this.marks = marks;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** True while something that the client said has not reached the call. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** All that the client said and the peer has not heard, ms. */
  get bufferedMs(): number {
    return this.#tap.bufferedMs + this.#heldSamples / SAMPLES_PER_MS;
  }

  audio(samples: Int16Array): void {
    if (samples.length === 0) return;
    this.#held.push({ type: 'audio', samples });
    this.#heldSamples += samples.length;
    this.pump();
  }

  mark(name: string): void {
    this.#held.push({ type: 'mark', name });
    this.pump();
  }

  /** Drops what was said and not heard; the marks among what was held are answered here, in order. */
  clear(): string[] {
    const marks = this.#held.flatMap((item) => (item.type === 'mark' ? [item.name] : []));
    this.#held.length = 0;
    this.#heldSamples = 0;
    this.#tap.clear();
    this.#steer();
    return marks;
  }

  /** Offers what is held, and reads on once the call has caught up. To be called now and then. */
  pump(): void {
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      if (first.type === 'mark') this.#tap.mark(first.name);
      else if (!this.#offer(first.samples)) break;
      this.#held.shift();
    }
    this.#steer();
  }

  /** Offers samples piece by piece; what was not taken stays the first that is held. */
  #offer(samples: Int16Array): boolean {
    for (let at = 0; at < samples.length; at += PIECE_SAMPLES) {
      const piece = samples.subarray(at, at + PIECE_SAMPLES);
      if (!this.#fits(piece) || !this.#tap.talk(piece)) {
        this.#held[0] = { type: 'audio', samples: samples.subarray(at) };
        return false;
      }
      this.#heldSamples -= piece.length;
    }
    return true;
  }

  /** Asked first because a call counts what it refuses as lost, and here nothing is. */
  #fits(piece: Int16Array): boolean {
    return this.#tap.bufferedMs + piece.length / SAMPLES_PER_MS <= LIMITS.talkMaxMs;
  }

  #steer(): void {
    const { bufferedMs } = this.#tap;
    if (this.#isPaused) {
      if (this.isHolding || bufferedMs > this.marks.resumeMs) return;
      this.#isPaused = false;
      this.#reading.resume();
    } else if (this.isHolding || bufferedMs >= this.marks.pauseMs) {
      this.#isPaused = true;
      this.#reading.pause();
    }
  }
}

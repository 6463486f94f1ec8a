import type { LegFigures } from '@earshot/protocol';

/** All audio in here is 16-bit, mono, at LIMITS.callSampleRate; a tick is LIMITS.callTickMs of it. */

/** Audio to be played, read a tick at a time. It never throws: the clock of all calls runs through it. */
export interface Clip {
  readonly playId: string;
  /**
   * The next samples, at most `count`. An empty array: nothing is ready yet, the clock runs on in silence. Null: the
   * clip is over.
   */
  next(count: number): Int16Array | null;
  /** Nobody reads on: lets go of what it holds. */
  close(): void;
}

/** What really became audible, told from the clock. */
export type PlayoutEvent =
  | { readonly type: 'play_started'; readonly playId: string }
  | {
      readonly type: 'play_ended';
      readonly playId: string;
      /** Samples of the clip that went to the peer while the call was not muted. */
      readonly heardSamples: number;
      /** False when it was cleared, or the call ended before its end. */
      readonly complete: boolean;
    }
  | { readonly type: 'mark'; readonly name: string; readonly state: 'played' | 'cleared' };

/**
 * What the peer hears. Clips play one after the other, in the order in which they came; what a talker says is mixed
 * over them, as a clipped sum. While muted the peer hears silence and everything runs on.
 */
export interface Playout {
  /** False when the talker is more than LIMITS.talkMaxMs ahead: nothing of it was taken. */
  talk(samples: Int16Array): boolean;
  /** Told as `played` when all that was said before has been heard, as `cleared` when it never will be. */
  mark(name: string): void;
  /** Drops what was said and not yet heard, and its marks; clips too with `clips`. */
  clear(options?: { readonly clips?: boolean }): void;
  /** False when LIMITS.maxQueuedPlays are waiting. */
  play(clip: Clip): boolean;
  mute(muted: boolean): void;
  /**
   * One tick of audio for the peer: always whole, silence where there is nothing. The array may be kept, but not written
   * to: ticks of silence share one.
   */
  tick(): Int16Array;
  /** What a talker has said and nobody has heard yet. */
  readonly bufferedMs: number;
  readonly figures: LegFigures;
  /** The call is over: ends clips and marks. */
  end(): void;
}

/** The peer's audio on the call's clock: jitter evened out, holes filled with silence, a fast sender held back. */
export interface InboundLeg {
  /** Audio as it arrives; `atMs` is monotonic. */
  push(samples: Int16Array, atMs: number): void;
  /** Samples that the carrier says were lost. */
  lose(samples: number): void;
  /** One tick of audio: always whole. To be read before the next tick, which may use the same array, and not written to. */
  tick(): Int16Array;
  readonly figures: LegFigures;
  /** The sender's clock against ours in parts per million; null before a minute of audio has come. */
  readonly driftPpm: number | null;
}

/** Audio for one listener, who may be slower than the call. */
export interface ListenerQueue {
  push(samples: Int16Array): void;
  /** Whole frames of `frameSamples` that are ready; with `flush` the rest too. */
  take(options?: { readonly flush?: boolean }): Int16Array[];
  /** Samples dropped since the last call because too much was waiting. */
  takeGap(): number;
  readonly waitingMs: number;
}

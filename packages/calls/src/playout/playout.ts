import type { LegFigures } from '@earshot/protocol';
import type { Clip, Playout, PlayoutEvent } from '../ports.ts';
import { SILENCE, TICK_SAMPLES, wholeMs } from '../tick.ts';
import { ClipQueue } from './clip-queue.ts';
import { TalkTrack } from './talk-track.ts';

class ClockedPlayout implements Playout {
  readonly #onEvent: (event: PlayoutEvent) => void;
  readonly #untold: PlayoutEvent[] = [];
  readonly #talk = new TalkTrack((event) => this.#untold.push(event));
  readonly #clips = new ClipQueue((event) => this.#untold.push(event));
  #muted = false;
  #ended = false;
  #offered = 0;
  #refused = 0;
  #insertedSilence = 0;

  constructor(onEvent: (event: PlayoutEvent) => void) {
    this.#onEvent = onEvent;
  }

  get bufferedMs(): number {
    return wholeMs(this.#talk.waiting);
  }

  get figures(): LegFigures {
    return {
      received: this.#offered + this.#clips.readSamples,
      insertedSilence: this.#insertedSilence,
      dropped: this.#refused,
    };
  }

  talk(samples: Int16Array): boolean {
    if (this.#ended) return false;
    this.#offered += samples.length;
    const taken = this.#talk.say(samples);
    if (!taken) this.#refused += samples.length;
    return taken;
  }

  mark(name: string): void {
    if (this.#ended) this.#untold.push({ type: 'mark', name, state: 'cleared' });
    else this.#talk.mark(name);
    this.#tellAll();
  }

  clear(options: { readonly clips?: boolean } = {}): void {
    this.#talk.clear();
    if (options.clips === true) this.#clips.clear();
    this.#tellAll();
  }

  play(clip: Clip): boolean {
    return !this.#ended && this.#clips.add(clip);
  }

  mute(muted: boolean): void {
    this.#muted = muted;
  }

  tick(): Int16Array {
    if (this.#ended) return SILENCE;
    this.#talk.answerMarks();
    if (this.#talk.waiting === 0 && this.#clips.isEmpty) {
      this.#insertedSilence += TICK_SAMPLES;
      this.#tellAll();
      return SILENCE;
    }
    const out = new Int16Array(TICK_SAMPLES);
    const said = this.#talk.read(out);
    const played = this.#clips.mixInto(out, !this.#muted);
    this.#insertedSilence += TICK_SAMPLES - Math.max(said, played);
    if (this.#muted) out.fill(0);
    this.#tellAll();
    return out;
  }

  end(): void {
    this.#ended = true;
    this.#talk.clear();
    this.#clips.clear();
    this.#tellAll();
  }

  /** Last in every method, so that whoever is told finds everything in order and may call back. */
  #tellAll(): void {
    for (let event = this.#untold.shift(); event !== undefined; event = this.#untold.shift()) {
      this.#onEvent(event);
    }
  }
}

/**
 * What the peer of one call hears. `onEvent` is told in order, from within `tick`, `clear`, `mark` and `end`; it may
 * call back. A clip that was taken is closed exactly once and told as ended exactly once, also when it never started;
 * one that was refused stays the caller's.
 */
export function createPlayout(options: { onEvent(event: PlayoutEvent): void }): Playout {
  return new ClockedPlayout((event) => options.onEvent(event));
}

import type { Playout } from '@earshot/calls';
import { EarshotError, LIMITS, type MediaEvent, type MediaMode } from '@earshot/protocol';
import type { MediaListener, MediaTap } from '../../ports.ts';

/** A talker is told its fill level this often while it is too high, in ticks. */
const BUFFER_TICKS = 12;

/** The media clients of one call: many listeners, one talker. */
export class Listeners {
  readonly #callId: string;
  readonly #playout: Playout;
  readonly #all = new Set<MediaListener>();
  #talker: MediaListener | undefined;
  /** Who set the marks that are not answered yet; they are answered in the order in which they were set. */
  readonly #markOwners: MediaListener[] = [];
  #gapSamples = 0;
  #high = false;
  #ticks = 0;

  constructor(callId: string, playout: Playout) {
    this.#callId = callId;
    this.#playout = playout;
  }

  /** Samples that slow clients did not get. */
  get gapSamples(): number {
    return this.#gapSamples;
  }

  attach(mode: MediaMode, listener: MediaListener): MediaTap {
    if (this.#all.size >= LIMITS.maxListenersPerCall && mode === 'listen') {
      throw new EarshotError('service_unavailable', {
        message: 'This call has as many listeners as it can.',
      });
    }
    if (mode === 'talk') this.#takeOver(listener);
    this.#all.add(listener);
    const playout = this.#playout;
    const talks = (): boolean => this.#talker === listener;
    return {
      callId: this.#callId,
      talk: (samples) => talks() && playout.talk(samples),
      mark: (name) => {
        if (!talks()) return;
        this.#markOwners.push(listener);
        playout.mark(name);
      },
      clear: () => {
        if (talks()) playout.clear();
      },
      get bufferedMs() {
        return playout.bufferedMs;
      },
      missed: (samples) => {
        this.#gapSamples += samples;
      },
      detach: () => {
        this.#all.delete(listener);
        if (talks()) this.#talker = undefined;
      },
    };
  }

  audio(samples: Int16Array): void {
    for (const listener of this.#all) listener.audio(samples);
  }

  tell(event: MediaEvent): void {
    for (const listener of this.#all) listener.event(event);
  }

  marked(name: string, state: 'played' | 'cleared'): void {
    this.#markOwners.shift()?.event({ type: 'mark', name, state });
  }

  /** Tells the talker when it crosses a watermark, and now and then while it is above. */
  tick(): void {
    const { bufferedMs } = this.#playout;
    const high = bufferedMs >= (this.#high ? LIMITS.talkResumeMs : LIMITS.talkPauseMs);
    this.#ticks = high ? this.#ticks + 1 : 0;
    if (high === this.#high && (!high || this.#ticks % BUFFER_TICKS !== 0)) return;
    this.#high = high;
    this.#talker?.event({
      type: 'buffer',
      bufferedMs: Math.round(bufferedMs),
      pauseMs: LIMITS.talkPauseMs,
      resumeMs: LIMITS.talkResumeMs,
    });
  }

  close(): void {
    this.tell({ type: 'ended' });
    this.#all.clear();
    this.#talker = undefined;
  }

  #takeOver(listener: MediaListener): void {
    const older = this.#talker;
    this.#talker = listener;
    if (older === undefined) return;
    this.#all.delete(older);
    older.superseded();
  }
}

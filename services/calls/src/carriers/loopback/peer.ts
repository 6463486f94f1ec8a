import { type CallEndReason, LIMITS } from '@earshot/protocol';
import type { CallHandle, PeerLink } from '../../ports.ts';
import type { Behaviour } from './address.ts';
import { Delivery } from './delivery.ts';
import { Ear, type HearingFigures } from './ear.ts';
import type { LoopbackTime } from './peer-clock.ts';
import type { Voice } from './voices/voice.ts';
import { createVoice } from './voices/voices.ts';

const TICK_SAMPLES = (LIMITS.callSampleRate * LIMITS.callTickMs) / 1000;
const DTMF_TICKS = 10;

/** Watches a peer from its own side. `atMs` is the time's `now`; the arrays belong to others. */
export interface PeerObserver {
  /** What was sent to the peer, as it came. */
  heard?(samples: Int16Array, atMs: number): void;
  /** What the peer sent, as it went out. */
  spoke?(samples: Int16Array, atMs: number): void;
}

export interface PeerFigures extends HearingFigures {
  readonly state: 'ringing' | 'linked' | 'gone' | 'over';
  readonly samplesSpoken: number;
  readonly samplesLost: number;
}

export interface PeerOptions {
  readonly behaviour: Behaviour;
  /** What `speak` says, 16 kHz. */
  readonly speech: Int16Array;
  readonly direction: 'outbound' | 'inbound';
  readonly externalCallId: string;
  readonly time: LoopbackTime;
}

/** The other side of one loopback call, run by the ticks of a clock. */
export class LoopbackPeer {
  readonly #behaviour: Behaviour;
  readonly #options: PeerOptions;
  readonly #handle: CallHandle;
  readonly #voice: Voice;
  readonly #ear: Ear;
  readonly #delivery: Delivery;
  readonly #observers = new Set<PeerObserver>();
  #state: PeerFigures['state'] = 'ringing';
  #link: PeerLink | undefined;
  #accepted = false;
  #ringTicks = 0;
  #liveTicks = 0;
  /** Samples that a drifting clock has gained, not yet whole. */
  #gained = 0;

  constructor(options: PeerOptions, handle: CallHandle) {
    this.#options = options;
    this.#behaviour = options.behaviour;
    this.#handle = handle;
    this.#voice = createVoice(options.behaviour.voice, options.speech);
    this.#ear = new Ear(options.behaviour.bufferMs);
    this.#delivery = new Delivery(options.behaviour, {
      audio: (samples) => this.#speak(samples),
      lost: (samples) => handle.lost(samples),
    });
  }

  get callId(): string {
    return this.#handle.callId;
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  get figures(): PeerFigures {
    const { samplesSpoken, samplesLost } = this.#delivery;
    return { ...this.#ear.figures, state: this.#state, samplesSpoken, samplesLost };
  }

  /** The answer ends the watching. */
  observe(observer: PeerObserver): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** An incoming call was accepted: media flows from the next tick. */
  accept(): void {
    this.#accepted = true;
  }

  /** Leaves without a word. */
  leave(): void {
    this.#state = 'over';
    this.#link = undefined;
  }

  /** Lives through the 20 ms that were over at `dueMs`. */
  tick(dueMs: number): void {
    if (this.#state === 'ringing') this.#ring(dueMs);
    else if (this.#state !== 'over') this.#live(dueMs);
  }

  #ring(dueMs: number): void {
    const { outcome, ringMs } = this.#behaviour;
    const rungMs = this.#ringTicks * LIMITS.callTickMs;
    const isFirst = this.#ringTicks === 0;
    this.#ringTicks += 1;
    if (this.#options.direction === 'inbound') {
      if (this.#accepted) this.#connect(dueMs);
      else if (ringMs !== null && ringMs > 0 && rungMs >= ringMs) this.#end('no_answer');
      return;
    }
    if (isFirst) this.#handle.named(this.#options.externalCallId);
    if (ringMs !== null && rungMs >= ringMs) {
      if (outcome === 'answer') this.#connect(dueMs);
      else this.#end(outcome);
    } else if (isFirst) {
      this.#handle.ringing();
    }
  }

  #live(dueMs: number): void {
    this.#liveTicks += 1;
    const liveMs = this.#liveTicks * LIMITS.callTickMs;
    const { hangupMs, goneMs, backMs, stallMs } = this.#behaviour;
    if (hangupMs !== null && liveMs >= hangupMs) {
      this.#end('peer_hangup');
      return;
    }
    const isAway = goneMs !== null && liveMs >= goneMs && (backMs === null || liveMs < goneMs + backMs);
    if (isAway && this.#state === 'linked') this.#vanish();
    if (!isAway && this.#state === 'gone') this.#connect(dueMs);
    const samples = this.#voice.next(this.#samplesOfTick(), dueMs);
    // The handle may have ended the call from within one of the calls above.
    if (this.#link === undefined) return;
    this.#ear.play(dueMs);
    if (stallMs !== null && liveMs >= stallMs) return;
    this.#press();
    this.#delivery.tick(samples);
  }

  /** A fast clock has taken more samples when a tick is over, a slow one fewer. */
  #samplesOfTick(): number {
    this.#gained += (TICK_SAMPLES * this.#behaviour.driftPpm) / 1_000_000;
    const whole = Math.trunc(this.#gained);
    this.#gained -= whole;
    return TICK_SAMPLES + whole;
  }

  #press(): void {
    if (this.#liveTicks % DTMF_TICKS !== 0) return;
    const key = this.#behaviour.dtmf.charAt(this.#liveTicks / DTMF_TICKS - 1);
    if (key !== '') this.#handle.dtmf(key);
  }

  #connect(dueMs: number): void {
    const link: PeerLink = {
      send: (samples) => {
        if (this.#link === link) this.#hear(samples);
      },
      clear: () => {
        if (this.#link !== link) return;
        this.#ear.clear();
        this.#voice.clear();
      },
      hangup: () => this.leave(),
    };
    this.#link = link;
    this.#state = 'linked';
    this.#ear.start(dueMs);
    this.#handle.connected(link);
  }

  #vanish(): void {
    this.#link = undefined;
    this.#state = 'gone';
    this.#voice.clear();
    this.#delivery.clear();
    this.#handle.unlinked();
  }

  #end(reason: CallEndReason): void {
    this.leave();
    this.#handle.ended(reason);
  }

  #hear(samples: Int16Array): void {
    const atMs = this.#options.time.now();
    this.#ear.hear(samples.length, atMs);
    this.#voice.hear(samples, atMs);
    for (const observer of this.#observers) observer.heard?.(samples, atMs);
  }

  #speak(samples: Int16Array): void {
    const atMs = this.#options.time.now();
    for (const observer of this.#observers) observer.spoke?.(samples, atMs);
    this.#handle.audio(samples);
  }
}

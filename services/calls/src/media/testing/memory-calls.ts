import { EarshotError, LIMITS, type MediaEvent, type MediaMode } from '@earshot/protocol';
import type { Calls, CallView, MediaListener, MediaTap } from '../../ports.ts';

/** One call in memory: what was said into it, and means to make it go on. */
export interface MemoryCall {
  readonly view: CallView;
  /** All that talkers said, in order. */
  talked(): Int16Array;
  /** The peer says something. */
  hear(samples: Int16Array): void;
  /** The peer hears this many of the samples that were said; marks on the way are answered. */
  play(samples: number): void;
  tell(event: MediaEvent): void;
  /** Samples said and not played. */
  readonly waiting: number;
  readonly clients: number;
  /** How often `talk` was refused. */
  readonly refusals: number;
  /** Samples that clients were reported not to have got. */
  readonly missed: number;
  end(): void;
}

/** The part of `Calls` that the media edge uses, without carriers, clock and storage. */
export interface MemoryCalls extends Pick<Calls, 'attach' | 'carries' | 'get'> {
  add(call: Partial<CallView> & Pick<CallView, 'callId'>): MemoryCall;
}

export function createMemoryCalls(): MemoryCalls {
  const calls = new Map<string, Call>();
  return {
    add(call) {
      const added = new Call(call);
      calls.set(call.callId, added);
      return added;
    },
    carries: (callId) => calls.has(callId) && calls.get(callId)?.view.state !== 'ended',
    get({ tenant, lineId, id }) {
      const view = calls.get(id)?.view;
      const isFound = view?.tenant === tenant && (lineId === null || view.lineId === lineId);
      return isFound ? Promise.resolve(view) : Promise.reject(new EarshotError('call_not_found'));
    },
    attach(callId, mode, listener) {
      const call = calls.get(callId);
      if (call?.view.state !== 'active') throw new EarshotError('call_not_active');
      return call.attach(mode, listener);
    },
  };
}

const MAX_SAMPLES = (LIMITS.talkMaxMs * LIMITS.callSampleRate) / 1000;
const AT = '2026-01-01T00:00:00.000Z';

class Call implements MemoryCall {
  view: CallView;
  refusals = 0;
  missed = 0;
  readonly #listeners = new Set<MediaListener>();
  readonly #said: Int16Array[] = [];
  #marks: { readonly name: string; readonly at: number }[] = [];
  #talker: MediaListener | undefined;
  #saidSamples = 0;
  #played = 0;

  constructor(over: Partial<CallView> & Pick<CallView, 'callId'>) {
    this.view = {
      tenant: 'clinic',
      lineId: 'lin_desk',
      carrier: 'loopback',
      externalCallId: null,
      direction: 'outbound',
      peer: '+4930123456',
      state: 'active',
      muted: false,
      record: false,
      transcribe: false,
      sessionId: null,
      callbackData: null,
      createdAt: AT,
      connectedAt: AT,
      endedAt: null,
      updatedAt: AT,
      durationMs: null,
      reason: null,
      ...over,
    };
  }

  get waiting(): number {
    return this.#saidSamples - this.#played;
  }

  get clients(): number {
    return this.#listeners.size;
  }

  talked(): Int16Array {
    const all = new Int16Array(this.#saidSamples);
    let at = 0;
    for (const samples of this.#said) {
      all.set(samples, at);
      at += samples.length;
    }
    return all;
  }

  hear(samples: Int16Array): void {
    for (const listener of this.#listeners) listener.audio(samples);
  }

  tell(event: MediaEvent): void {
    for (const listener of this.#listeners) listener.event(event);
  }

  play(samples: number): void {
    this.#played += Math.min(samples, this.waiting);
    this.#answer((mark) => mark.at <= this.#played, 'played');
  }

  end(): void {
    this.view = { ...this.view, state: 'ended' };
    this.#answer(() => true, 'cleared');
    this.tell({ type: 'ended' });
    this.#listeners.clear();
  }

  attach(mode: MediaMode, listener: MediaListener): MediaTap {
    if (mode === 'talk') {
      const older = this.#talker;
      this.#talker = listener;
      if (older !== undefined) this.#listeners.delete(older);
      older?.superseded();
    }
    this.#listeners.add(listener);
    const talks = (): boolean => this.#talker === listener;
    const waitingMs = (): number => Math.ceil((this.waiting * 1000) / LIMITS.callSampleRate);
    return {
      callId: this.view.callId,
      talk: (samples) => talks() && this.#say(samples),
      mark: (name) => {
        if (talks()) this.#marks.push({ name, at: this.#saidSamples });
      },
      clear: () => {
        if (!talks()) return;
        this.#played = this.#saidSamples;
        this.#answer(() => true, 'cleared');
      },
      missed: (samples) => {
        this.missed += samples;
      },
      get bufferedMs() {
        return waitingMs();
      },
      detach: () => {
        this.#listeners.delete(listener);
        if (talks()) this.#talker = undefined;
      },
    };
  }

  #say(samples: Int16Array): boolean {
    if (this.waiting + samples.length > MAX_SAMPLES) {
      this.refusals += 1;
      return false;
    }
    this.#said.push(samples.slice());
    this.#saidSamples += samples.length;
    return true;
  }

  #answer(isDue: (mark: { readonly at: number }) => boolean, state: 'played' | 'cleared'): void {
    const due = this.#marks.filter(isDue);
    this.#marks = this.#marks.filter((mark) => !isDue(mark));
    for (const { name } of due) this.#talker?.event({ type: 'mark', name, state });
  }
}

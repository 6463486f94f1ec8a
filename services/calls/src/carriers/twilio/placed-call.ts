import type { CallEndReason } from '@earshot/protocol';
import type { CallHandle, OriginateRequest, PeerLink } from '../../ports.ts';
import type { CallStatus } from './callbacks/status-event.ts';

/** After the carrier says that a call is over, its stream may still deliver what was said last, ms. */
const STREAM_TAIL_MS = 1000;

export interface PlacedCallDeps {
  /** Ends the call at the carrier, sooner or later. */
  readonly hangUp: (callSid: string) => void;
  /** The call is over; told once. */
  readonly over: (call: PlacedCall) => void;
}

/** One call that was placed through Twilio: what its callbacks say and what its media stream does, as one story. */
export class PlacedCall {
  readonly callId: string;
  readonly lineId: string;
  readonly #handle: CallHandle;
  readonly #deps: PlacedCallDeps;
  #callSid: string | null = null;
  #state: 'placing' | 'waiting' | 'claimed' | 'linked' | 'unlinked' | 'over' = 'placing';
  #rang = false;
  #answered = false;
  /** Callbacks that overtook the answer to our own request. */
  #early: CallStatus[] = [];
  #tail: NodeJS.Timeout | undefined;

  constructor({ callId, line, handle }: OriginateRequest, deps: PlacedCallDeps) {
    this.callId = callId;
    this.lineId = line.lineId;
    this.#handle = handle;
    this.#deps = deps;
  }

  /** The carrier took the call. */
  placed(callSid: string): void {
    this.#name(callSid);
    if (this.#state === 'placing') this.#state = 'waiting';
    const early = this.#early;
    this.#early = [];
    for (const status of early) this.status(status, callSid);
  }

  /** What a callback says. They may come late, twice and in any order. */
  status(status: CallStatus, callSid: string): void {
    if (this.#state === 'placing') {
      this.#early.push(status);
      return;
    }
    if (this.#state === 'over' || callSid !== this.#callSid) return;
    switch (status) {
      case 'queued':
      case 'initiated':
        return;
      case 'ringing':
        if (!this.#rang && !this.#answered) this.#handle.ringing();
        this.#rang = true;
        return;
      case 'in-progress':
        this.#answered = true;
        return;
      case 'completed':
        this.#completed();
        return;
      default:
        this.#end(UNCONNECTED[status]);
    }
  }

  /** The handle for the stream that brings this call's media; null when it is not its turn. */
  claim(callSid: string | null): CallHandle | null {
    if (callSid !== null && this.#callSid !== null && callSid !== this.#callSid) return null;
    if (this.#state !== 'placing' && this.#state !== 'waiting' && this.#state !== 'unlinked') return null;
    this.#state = 'claimed';
    this.#answered = true;
    if (callSid !== null) this.#name(callSid);
    return this.#streamHandle();
  }

  /** We end it; the host knows why. */
  hangUp(): void {
    if (this.#callSid !== null) this.#deps.hangUp(this.#callSid);
    this.#settle();
  }

  /** It never came about, and whoever placed it is told by other means. */
  abandon(): void {
    this.#settle();
  }

  #name(callSid: string): void {
    if (this.#callSid !== null) return;
    this.#callSid = callSid;
    this.#handle.named(callSid);
  }

  #completed(): void {
    if (this.#state === 'linked' || this.#state === 'claimed') {
      this.#tail ??= setTimeout(() => this.#end('peer_hangup'), STREAM_TAIL_MS);
    } else if (this.#state === 'unlinked') {
      this.#end('peer_gone');
    } else {
      const message = 'The call was answered, and its media stream did not reach this server.';
      if (this.#answered) this.#handle.warning('media_stream_missing', message);
      this.#end('failed');
    }
  }

  #end(reason: CallEndReason): void {
    if (this.#state === 'over') return;
    this.#settle();
    this.#handle.ended(reason);
  }

  #settle(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    clearTimeout(this.#tail);
    this.#deps.over(this);
  }

  #streamHandle(): CallHandle {
    const handle = this.#handle;
    return {
      callId: handle.callId,
      named: (callSid) => this.#name(callSid),
      ringing: () => handle.ringing(),
      connected: (link) => {
        if (this.#state === 'over') link.hangup();
        else {
          this.#state = 'linked';
          handle.connected(this.#endingBoth(link));
        }
      },
      audio: (samples) => handle.audio(samples),
      lost: (samples) => handle.lost(samples),
      dtmf: (digit) => handle.dtmf(digit),
      warning: (type, message) => handle.warning(type, message),
      unlinked: () => {
        if (this.#state === 'over') return;
        this.#state = 'unlinked';
        handle.unlinked();
        if (this.#tail !== undefined) this.#end('peer_hangup');
      },
      ended: (reason) => {
        const callSid = this.#state === 'over' ? null : this.#callSid;
        if (callSid !== null && reason !== 'peer_hangup') this.#deps.hangUp(callSid);
        this.#end(reason);
      },
    };
  }

  /** Closing the stream ends the call by its instructions; saying so as well ends it if that goes astray. */
  #endingBoth(link: PeerLink): PeerLink {
    return {
      send: (samples) => link.send(samples),
      clear: () => link.clear(),
      hangup: () => {
        link.hangup();
        this.hangUp();
      },
    };
  }
}

const UNCONNECTED = {
  busy: 'busy',
  'no-answer': 'no_answer',
  failed: 'failed',
  canceled: 'hangup',
} as const satisfies Record<string, CallEndReason>;

import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { EarshotError, LIMITS } from '@earshot/protocol';
import { createGuardedFetch, type GuardedFetch, type Log } from '@earshot/runtime';
import type { Carrier, CarrierCapabilities, OriginateRequest } from '../../ports.ts';
import {
  CALL_ID_PARAMETER,
  type StreamClaim,
  type StreamClaimer,
  type StreamIntroduction,
} from '../stream-claimer.ts';
import { type CallbackReceiver, statusCallbackUrl } from './callbacks/routes.ts';
import { isFinal, type StatusEvent } from './callbacks/status-event.ts';
import { PlacedCall } from './placed-call.ts';
import type { TwilioConfig } from './rest/config.ts';
import { createTwilioRest, type TwilioRest } from './rest/rest-client.ts';
import { streamTwiml } from './rest/twiml.ts';
import { type SignedRequest, verifyTwilioSignature } from './signature.ts';

const NUMBER = /^\+[1-9][0-9]{4,14}$/;
/** The carrier stops ringing a little after us, so that our own limit decides. */
const RING_SECONDS = LIMITS.callRingSeconds + 5;
/** Pauses between attempts to end a call, ms. */
const HANGUP_PAUSES = [0, 1000, 3000, 10_000];
const CLOSE_WAIT_MS = 5000;
/** Calls that may have come about although placing them failed, the latest of them. */
const MOST_STRAYS = 1000;

export interface TwilioDeps {
  /** Name of the carrier, as lines give it. */
  readonly name: string;
  /** Where Twilio reaches this node: `https://host`, with a path if a proxy takes one off; no slash at the end. */
  readonly publicUrl: string;
  readonly log: Log;
  /** A fetch that goes nowhere but to the configured origin, when absent. */
  readonly fetch?: GuardedFetch;
}

/** A carrier that places calls through Twilio; their media comes in over the media-streams socket, which claims it. */
export interface TwilioCarrier extends Carrier, StreamClaimer, CallbackReceiver {
  originate(request: OriginateRequest): Promise<{ cancel(): void }>;
}

const CAPABILITIES: CarrierCapabilities = {
  originate: true,
  answer: false,
  talk: true,
  dtmf: true,
  mark: true,
  clear: true,
};

/** Makes a Twilio carrier. Every call it knows lives in this process: callbacks and streams must come to this node. */
export function createTwilioCarrier(config: TwilioConfig, deps: TwilioDeps): TwilioCarrier {
  return new Twilio(config, deps);
}

class Twilio implements TwilioCarrier {
  readonly name: string;
  readonly capabilities = CAPABILITIES;
  readonly #authToken: string;
  readonly #publicUrl: string;
  readonly #rest: TwilioRest;
  readonly #log: Log;
  readonly #calls = new Map<string, PlacedCall>();
  readonly #strays = new Set<string>();
  readonly #endings = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor(config: TwilioConfig, { name, publicUrl, log, fetch }: TwilioDeps) {
    this.name = name;
    this.#authToken = config.authToken;
    this.#publicUrl = publicUrl.replace(/\/+$/, '');
    setMaxListeners(0, this.#closing.signal);
    this.#log = log.child({ carrier: name });
    // The operator chose this origin, so it may be anywhere; nothing else is dialled.
    const guarded = fetch ?? createGuardedFetch({ allowPrivate: true, origins: [config.baseUrl] });
    this.#rest = createTwilioRest(config, guarded);
  }

  check(peer: Pick<OriginateRequest, 'line' | 'to'>): void {
    callingNumber(peer);
  }

  async originate(request: OriginateRequest): Promise<{ cancel(): void }> {
    const from = callingNumber(request);
    if (this.#isClosing()) throw new EarshotError('shutting_down');
    const call = new PlacedCall(request, {
      hangUp: (callSid) => this.#endSoon(callSid),
      over: (one) => this.#calls.delete(one.callId),
    });
    this.#calls.set(request.callId, call);
    const callSid = await this.#place(call, { to: request.to, from });
    call.placed(callSid);
    if (this.#isClosing()) {
      call.hangUp();
      throw new EarshotError('shutting_down');
    }
    return { cancel: () => call.hangUp() };
  }

  claimStream({ lineId, externalCallId, parameters }: StreamIntroduction): StreamClaim {
    const callId = parameters[CALL_ID_PARAMETER];
    if (callId === undefined) return { kind: 'unclaimed' };
    const call = this.#calls.get(callId);
    if (call?.lineId !== lineId) return { kind: 'refuse' };
    const handle = call.claim(externalCallId);
    return handle === null ? { kind: 'refuse' } : { kind: 'attach', handle };
  }

  verify(request: Omit<SignedRequest, 'authToken'>): boolean {
    return verifyTwilioSignature({ ...request, authToken: this.#authToken });
  }

  status({ lineId, callId, callSid, status }: StatusEvent): void {
    if (callId === null) return;
    const call = this.#calls.get(callId);
    if (call?.lineId === lineId) call.status(status, callSid);
    else if (this.#strays.has(callId) && !isFinal(status)) {
      this.#strays.delete(callId);
      this.#endSoon(callSid);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const call of this.#calls.values()) call.hangUp();
    const patience = new AbortController();
    const ended = Promise.allSettled(this.#endings);
    await Promise.race([
      ended,
      sleep(CLOSE_WAIT_MS, undefined, { signal: patience.signal }).catch(() => null),
    ]);
    patience.abort();
  }

  /** When placing fails without a clear refusal the call may exist all the same; its first callback then ends it. */
  async #place(call: PlacedCall, { to, from }: { to: string; from: string }): Promise<string> {
    const { callId, lineId } = call;
    const streamUrl = `${this.#publicUrl.replace(/^http/, 'ws')}/carriers/media-streams/${encodeURIComponent(lineId)}`;
    try {
      return await this.#rest.place({
        to,
        from,
        twiml: streamTwiml(streamUrl, callId),
        statusCallback: statusCallbackUrl(this.#publicUrl, lineId, callId),
        ringSeconds: RING_SECONDS,
      });
    } catch (error) {
      call.abandon();
      this.#strays.add(callId);
      const [oldest] = this.#strays;
      if (this.#strays.size > MOST_STRAYS && oldest !== undefined) this.#strays.delete(oldest);
      const details = error instanceof EarshotError ? error.details : undefined;
      this.#log.warn({ call: callId, ...details }, 'the carrier did not place a call');
      throw error;
    }
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  #endSoon(callSid: string): void {
    const ending = this.#end(callSid).finally(() => this.#endings.delete(ending));
    this.#endings.add(ending);
  }

  /** A call that goes on unheard costs money, so that ending it is worth some patience. */
  async #end(callSid: string): Promise<void> {
    for (const pause of HANGUP_PAUSES) {
      const isClosing = await sleep(pause, false, { signal: this.#closing.signal }).catch(() => true);
      const outcome = await this.#rest.complete(callSid);
      if (outcome === 'done') return;
      if (outcome === 'refused' || isClosing) break;
    }
    this.#log.error({ callSid }, 'a call could not be ended at the carrier');
  }
}

/** The number that a call comes from. Throws `invalid_request` when there is none, or the peer is no number. */
function callingNumber({ line, to }: Pick<OriginateRequest, 'line' | 'to'>): string {
  if (line.number === null) throw invalid('The line has no number to call from.');
  if (!NUMBER.test(to)) throw invalid('A number to call has to be in E.164 form, such as +15550100.');
  return line.number;
}

const invalid = (message: string): EarshotError => new EarshotError('invalid_request', { message });

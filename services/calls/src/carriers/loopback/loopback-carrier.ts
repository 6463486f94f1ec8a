import { randomUUID } from 'node:crypto';
import { readFile as readFileOfSystem } from 'node:fs/promises';
import { EarshotError, type LineRecord } from '@earshot/protocol';
import type { Log } from '@earshot/runtime';
import type {
  CallHandle,
  Carrier,
  CarrierCapabilities,
  OriginateRequest,
  TakeIncoming,
} from '../../ports.ts';
import { type Behaviour, parseLoopbackAddress } from './address.ts';
import type { HearingFigures } from './ear.ts';
import { LoopbackPeer, type PeerFigures, type PeerObserver } from './peer.ts';
import { type LoopbackTime, PeerClock, SYSTEM_TIME } from './peer-clock.ts';
import { createSampleReader } from './samples.ts';

/** Peers whose call is over stay readable, the latest of them. */
const MOST_PAST_PEERS = 256;

export interface LoopbackOptions {
  readonly log: Pick<Log, 'error'>;
  readonly time?: LoopbackTime;
  /** WAV files (16-bit, mono) that `loop:speak?file=name` may name. */
  readonly samples?: Readonly<Record<string, string>>;
  readonly readFile?: (path: string) => Promise<Uint8Array>;
  /** Without it no calls come in. */
  readonly takeIncoming?: TakeIncoming;
}

/** An incoming call to simulate. */
interface SimulatedCall {
  /** Who calls, as the call will show it. */
  readonly peer: string;
  /** A `loop:` address; its `ring` is how long the caller waits to be accepted, for ever when absent. */
  readonly behaviour: string;
}

/** A peer from its own side: how it was served, and what it hears and says. */
export interface PeerView {
  readonly figures: PeerFigures;
  observe(observer: PeerObserver): () => void;
}

/** The carrier `loopback`: peers that live in this process, for development and tests. */
export interface LoopbackCarrier extends Carrier {
  originate(request: OriginateRequest): Promise<{ cancel(): void }>;
  /** Lets a call come in; resolves to its id. Rejects as `TakeIncoming` does, or with `invalid_request`. */
  incoming(line: LineRecord, call: SimulatedCall): Promise<string>;
  peer(callId: string): PeerView | undefined;
  /** How all peers together were served so far. */
  readonly served: Served;
}

type Served = Pick<HearingFigures, 'ticksDue' | 'underruns'>;

const CAPABILITIES: CarrierCapabilities = {
  originate: true,
  answer: true,
  talk: true,
  dtmf: true,
  mark: true,
  clear: true,
};

/** Makes the loopback carrier. Addresses are those of `parseLoopbackAddress`; one 20 ms timer serves all peers. */
export function createLoopbackCarrier(options: LoopbackOptions): LoopbackCarrier {
  return new Loopback(options);
}

class Loopback implements LoopbackCarrier {
  readonly name = 'loopback';
  readonly capabilities = CAPABILITIES;
  readonly #options: LoopbackOptions;
  readonly #time: LoopbackTime;
  readonly #clock: PeerClock;
  readonly #readSample: (name: string | null) => Promise<Int16Array>;
  readonly #peers = new Map<string, Present>();
  readonly #past = new Map<string, LoopbackPeer>();
  #isClosed = false;
  /** Of peers whose call is over. */
  #servedBefore: Served = { ticksDue: 0, underruns: 0 };

  constructor(options: LoopbackOptions) {
    this.#options = options;
    this.#time = options.time ?? SYSTEM_TIME;
    this.#clock = new PeerClock(this.#time);
    const { samples = {}, readFile = readFileOfSystem } = options;
    this.#readSample = createSampleReader({ samples, readFile });
  }

  async check({ to }: Pick<OriginateRequest, 'to'>): Promise<void> {
    await this.#speechOf(parseLoopbackAddress(to));
  }

  async originate({ to, handle }: OriginateRequest): Promise<{ cancel(): void }> {
    const behaviour = parseLoopbackAddress(to);
    const speech = await this.#speechOf(behaviour);
    const peer = this.#admit({ behaviour, speech, direction: 'outbound' }, handle);
    return { cancel: () => peer.leave() };
  }

  async incoming(line: LineRecord, call: SimulatedCall): Promise<string> {
    const { takeIncoming } = this.#options;
    if (takeIncoming === undefined) throw new EarshotError('feature_not_supported');
    const behaviour = parseLoopbackAddress(call.behaviour);
    const speech = await this.#speechOf(behaviour);
    const externalCallId = newId();
    const state: { decided?: 'accepted' | 'rejected'; peer?: LoopbackPeer } = {};
    const handle = await takeIncoming({
      tenant: line.tenant,
      line,
      peer: call.peer,
      externalCallId,
      accept: () => {
        state.decided ??= 'accepted';
        state.peer?.accept();
      },
      reject: () => {
        state.decided ??= 'rejected';
        state.peer?.leave();
      },
    });
    if (state.decided === 'rejected') return handle.callId;
    state.peer = this.#admit({ behaviour, speech, direction: 'inbound', externalCallId }, handle);
    if (state.decided === 'accepted') state.peer.accept();
    return handle.callId;
  }

  peer(callId: string): PeerView | undefined {
    return this.#peers.get(callId)?.peer ?? this.#past.get(callId);
  }

  get served(): Served {
    return [...this.#peers.values()].reduce((sum, { peer }) => add(sum, peer.figures), this.#servedBefore);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    for (const { peer } of this.#peers.values()) {
      peer.leave();
      this.#retire(peer);
    }
    return Promise.resolve();
  }

  async #speechOf({ voice }: Behaviour): Promise<Int16Array> {
    return voice.kind === 'speak' ? this.#readSample(voice.file) : new Int16Array(0);
  }

  #admit(part: Admission, handle: CallHandle): LoopbackPeer {
    if (this.#isClosed) throw new EarshotError('shutting_down');
    const peer = new LoopbackPeer({ externalCallId: newId(), ...part, time: this.#time }, handle);
    const leaveClock = this.#clock.join((dueMs) => this.#tick(peer, handle, dueMs));
    this.#peers.set(handle.callId, { peer, leaveClock });
    return peer;
  }

  /** A fault in one call must not stop the clock of the others. */
  #tick(peer: LoopbackPeer, handle: CallHandle, dueMs: number): void {
    try {
      peer.tick(dueMs);
    } catch (error) {
      this.#options.log.error({ err: error, callId: peer.callId }, 'a loopback peer failed');
      peer.leave();
      handle.ended('failed');
    }
    if (peer.isOver) this.#retire(peer);
  }

  #retire(peer: LoopbackPeer): void {
    this.#peers.get(peer.callId)?.leaveClock();
    if (this.#peers.delete(peer.callId)) this.#servedBefore = add(this.#servedBefore, peer.figures);
    this.#past.set(peer.callId, peer);
    const [oldest] = this.#past.keys();
    if (this.#past.size > MOST_PAST_PEERS && oldest !== undefined) this.#past.delete(oldest);
  }
}

interface Present {
  readonly peer: LoopbackPeer;
  readonly leaveClock: () => void;
}

interface Admission {
  readonly behaviour: Behaviour;
  readonly speech: Int16Array;
  readonly direction: 'outbound' | 'inbound';
  readonly externalCallId?: string;
}

const add = (a: Served, b: Served): Served => ({
  ticksDue: a.ticksDue + b.ticksDue,
  underruns: a.underruns + b.underruns,
});

const newId = (): string => `loop-${randomUUID()}`;

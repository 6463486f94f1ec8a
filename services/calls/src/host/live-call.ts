import {
  type CallInput,
  type CallRow,
  createInboundLeg,
  createPlayout,
  type InboundLeg,
  newCall,
  type Playout,
  type PlayoutEvent,
  transitionCall,
} from '@earshot/calls';
import {
  type CallEndedRecord,
  type CallEndReason,
  type CallRecord,
  type CallStatus,
  LIMITS,
} from '@earshot/protocol';
import type { CallView, PeerLink } from '../ports.ts';
import { viewOf } from './book/call-book.ts';
import type { CallEvent } from './call-event.ts';
import { Listeners } from './sound/listeners.ts';
import { playEvent } from './sound/play-event.ts';
import type { Recorder } from './sound/recorder.ts';

const SILENCE = new Int16Array((LIMITS.callSampleRate * LIMITS.callTickMs) / 1000);

/** What a live call needs of its host. */
export interface LiveCallContext {
  /** Monotonic, ms. */
  readonly elapsedMs: () => number;
  readonly now: () => Date;
  readonly announce: (call: LiveCall, event: CallEvent) => void;
  /** The state changed; the index should know soon. */
  readonly changed: (call: LiveCall) => void;
  /** Audio flows for the first time. */
  readonly connected: (call: LiveCall) => Recorder | undefined;
  /** It is over, and will not change any more. */
  readonly ended: (call: LiveCall) => void;
}

/** One call on this node: its state, both directions of its audio, and who hears it. */
export class LiveCall {
  readonly record: CallRecord;
  readonly listeners: Listeners;
  readonly playout: Playout;
  readonly #context: LiveCallContext;
  readonly #inbound: InboundLeg = createInboundLeg();
  #row: CallRow;
  #link: PeerLink | undefined;
  #recorder: Recorder | undefined;
  #externalCallId: string | null;
  #updatedAt: string;
  #plays = 0;
  /** When audio last came from the peer, monotonic ms. */
  #heardMs = 0;
  /** Gives up a call that is being placed, or refuses one that rings here. */
  giveUp: () => void = () => undefined;
  /** Accepts one that rings here. */
  answer: () => void = () => undefined;

  constructor(record: CallRecord, context: LiveCallContext) {
    this.record = record;
    this.#context = context;
    this.#externalCallId = record.externalCallId;
    this.#updatedAt = record.createdAt;
    this.#row = newCall({ direction: record.direction, atMs: context.elapsedMs() });
    this.playout = createPlayout({ onEvent: (event) => this.#played(event) });
    this.listeners = new Listeners(record.callId, this.playout);
  }

  get state(): CallRow['state'] {
    return this.#row.state;
  }

  get muted(): boolean {
    return this.#row.muted;
  }

  get externalCallId(): string | null {
    return this.#externalCallId;
  }

  named(externalCallId: string): void {
    this.#externalCallId = externalCallId;
    this.#touch();
  }

  /** Tells the state machine what happened; false when the state does not allow it. */
  apply(input: CallInput): boolean {
    const before = this.#row.state;
    const next = transitionCall(this.#row, input);
    if (next === null) return false;
    this.#row = next.row;
    this.#touch();
    for (const type of next.announce) this.event({ type });
    if (this.#row.state !== before) {
      this.listeners.tell({
        type: 'call_state',
        call: { callId: this.record.callId, state: this.#row.state },
      });
    }
    if (this.#row.state === 'ended' && before !== 'ended') this.#finish();
    return true;
  }

  /** Somebody takes a call that rings here; the carrier connects it. */
  accept(): void {
    if (this.apply({ type: 'accepted', atMs: this.#context.elapsedMs() })) this.answer();
  }

  /** Media flows, for the first time or again. */
  connect(link: PeerLink): void {
    const first = this.#row.connectedAt === null;
    const at = this.#context.now().toISOString();
    if (!this.apply({ type: 'connected', at, atMs: this.#context.elapsedMs() })) {
      link.hangup();
      return;
    }
    this.#link = link;
    this.#heardMs = this.#context.elapsedMs();
    if (first) this.#recorder = this.#context.connected(this);
  }

  unlink(): void {
    this.#link = undefined;
    this.apply({ type: 'unlinked', atMs: this.#context.elapsedMs() });
  }

  hear(samples: Int16Array): void {
    if (this.#row.state !== 'active') return;
    this.#heardMs = this.#context.elapsedMs();
    this.#inbound.push(samples, this.#heardMs);
    this.listeners.audio(samples);
  }

  lose(samples: number): void {
    this.#inbound.lose(samples);
  }

  /** One tick of the clock: plays, hears, keeps. */
  tick(): void {
    if (this.#row.state !== 'active') return;
    const link = this.#link;
    // While the link is down nothing can be heard, so nothing is played either.
    const out = link === undefined ? SILENCE : this.playout.tick();
    const heard = this.#inbound.tick();
    link?.send(out);
    this.#recorder?.write(heard, out);
    this.listeners.tick();
  }

  /** Ends what is overdue: nobody answered, the link stayed down or silent on the wire, it took too long. */
  expire(stoodStill: boolean): void {
    const atMs = this.#context.elapsedMs();
    // What the peer said while this process stood still waits to be read.
    if (stoodStill) this.#heardMs = atMs;
    this.apply({ type: 'clock', at: this.#context.now().toISOString(), atMs });
    if (this.#link !== undefined && atMs - this.#heardMs >= LIMITS.callPeerGoneMs) this.end('peer_gone');
  }

  /** Ends the call, on the carrier's side too. */
  end(reason: CallEndReason): boolean {
    return this.apply({ type: 'ended', reason, at: this.#context.now().toISOString() });
  }

  mute(muted: boolean): void {
    if (this.apply({ type: 'muted', muted })) this.playout.mute(muted);
  }

  clear(): void {
    this.playout.clear({ clips: true });
    this.#link?.clear();
  }

  event(event: CallEvent): void {
    this.#context.announce(this, event);
  }

  view(): CallView {
    return viewOf(this.record, {
      status: this.status(),
      ended: this.#row.state === 'ended' ? this.ended() : null,
    });
  }

  status(): CallStatus {
    return {
      state: this.#row.state,
      muted: this.#row.muted,
      node: this.record.node,
      externalCallId: this.#externalCallId,
      startedAt: this.record.createdAt,
      connectedAt: this.#row.connectedAt,
      updatedAt: this.#updatedAt,
    };
  }

  /** The end as it goes on record; only of a call that has ended. */
  ended(): CallEndedRecord {
    const { connectedAt, endedAt, reason } = this.#row;
    const end = endedAt ?? this.#updatedAt;
    return {
      v: 1,
      callId: this.record.callId,
      reason: reason ?? 'failed',
      connectedAt,
      endedAt: end,
      durationMs: connectedAt === null ? 0 : Math.max(0, Date.parse(end) - Date.parse(connectedAt)),
      figures: {
        inbound: this.#inbound.figures,
        outbound: this.playout.figures,
        driftPpm: this.#inbound.driftPpm,
        listenerGaps: this.listeners.gapSamples,
      },
    };
  }

  /** Resolves when the audio is durable on this node. */
  async kept(): Promise<void> {
    await this.#recorder?.finish();
  }

  #touch(): void {
    this.#updatedAt = this.#context.now().toISOString();
    this.#context.changed(this);
  }

  #finish(): void {
    const link = this.#link;
    this.#link = undefined;
    // First of all it goes on record, whatever of the rest should fail.
    this.#context.ended(this);
    if (link === undefined) this.giveUp();
    else link.hangup();
    this.playout.end();
    this.listeners.close();
  }

  #played(event: PlayoutEvent): void {
    if (event.type === 'mark') {
      this.listeners.marked(event.name, event.state);
      return;
    }
    this.#plays += 1;
    this.event(playEvent(event, this.#plays));
  }
}

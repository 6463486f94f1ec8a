import type { Clip } from '@earshot/calls';
import type {
  CallDirection,
  CallEndReason,
  CallState,
  EventType,
  LineRecord,
  MediaEvent,
  MediaMode,
} from '@earshot/protocol';

/** All audio between the parts of this service is 16-bit, mono, at LIMITS.callSampleRate. */

/** Who asks. `line` is null for a credential of the whole tenant. */
export interface CallActor {
  readonly tenant: string;
  readonly subject: string;
  readonly line: string | null;
}

/** A call as every face shows it. */
export interface CallView {
  readonly callId: string;
  readonly tenant: string;
  readonly lineId: string;
  readonly carrier: string;
  readonly externalCallId: string | null;
  readonly direction: CallDirection;
  readonly peer: string;
  readonly state: CallState;
  readonly muted: boolean;
  readonly record: boolean;
  readonly transcribe: boolean;
  /** The transcription session that holds the audio, if anything is kept. */
  readonly sessionId: string | null;
  readonly callbackData: string | null;
  readonly createdAt: string;
  readonly connectedAt: string | null;
  readonly endedAt: string | null;
  readonly updatedAt: string;
  readonly durationMs: number | null;
  readonly reason: CallEndReason | null;
}

export interface PlaceRequest {
  readonly to: string;
  readonly callbackData: string | null;
  /** The line's habits unless given. */
  readonly record?: boolean;
  readonly transcribe?: boolean;
}

/** Which call, as a caller names it: our id or the carrier's; `lineId` null looks on every line of the tenant. */
export interface CallName {
  readonly tenant: string;
  readonly lineId: string | null;
  readonly id: string;
}

/**
 * The calls of this server. Errors: `call_not_found` for unknown and foreign ids alike, `call_not_active` when the
 * state does not allow it, `feature_not_supported` when the carrier cannot, `rate_limit_exceeded`, `service_unavailable`.
 */
export interface Calls {
  place(line: LineRecord, request: PlaceRequest, actor: CallActor): Promise<CallView>;
  get(name: CallName): Promise<CallView>;
  /** Newest first; `before` is an ISO time. */
  list(page: {
    readonly tenant: string;
    readonly lineId: string | null;
    readonly limit: number;
    readonly before: string | null;
  }): Promise<CallView[]>;
  accept(name: CallName): Promise<CallView>;
  reject(name: CallName): Promise<CallView>;
  end(name: CallName): Promise<CallView>;
  mute(name: CallName, muted: boolean): Promise<CallView>;
  /** Queues a clip; before the call is active it waits for that. Takes over the clip, also when it throws. */
  play(name: CallName, clip: Clip): Promise<CallView>;
  clear(name: CallName): Promise<CallView>;
  /** Joins the audio of an active call. `call_not_active` otherwise, `service_unavailable` beyond the most listeners. */
  attach(callId: string, mode: MediaMode, listener: MediaListener): MediaTap;
  /** True while this process carries the call. */
  carries(callId: string): boolean;
}

/** What a media client is told. */
export interface MediaListener {
  /** Audio of the peer as it arrives, any length. Must not keep the array. */
  audio(samples: Int16Array): void;
  /** `call_state`, `mark`, `buffer` (talkers only, when a watermark is crossed), and at last `ended`. */
  event(event: MediaEvent): void;
  /** A newer talker took over. */
  superseded(): void;
}

/** A media client's hold on a call. */
export interface MediaTap {
  readonly callId: string;
  /** False when the talker is too far ahead: nothing was taken. For listeners always false. */
  talk(samples: Int16Array): boolean;
  mark(name: string): void;
  clear(): void;
  readonly bufferedMs: number;
  /** Counts audio that this client did not get because it read too slowly. */
  missed(samples: number): void;
  detach(): void;
}

export interface CarrierCapabilities {
  readonly originate: boolean;
  /** Incoming calls can be left ringing, and be accepted or rejected. */
  readonly answer: boolean;
  /** The peer can be talked to. */
  readonly talk: boolean;
  readonly dtmf: boolean;
  readonly mark: boolean;
  readonly clear: boolean;
}

/** The media link with a peer, made by a carrier. Its methods never throw and never wait. */
export interface PeerLink {
  /** One tick of audio, on the clock; the array may be kept. Not called when the carrier cannot talk. */
  send(samples: Int16Array): void;
  /** Drops what the peer's side has buffered, where the carrier can. */
  clear(): void;
  /** Ends the call on the carrier's side. */
  hangup(): void;
}

/** What a carrier tells of one call. After `ended` nothing counts. */
export interface CallHandle {
  readonly callId: string;
  /** The carrier's own id, as soon as it is known. */
  named(externalCallId: string): void;
  ringing(): void;
  /** Media flows from now on. */
  connected(link: PeerLink): void;
  /** What the peer said; the array may be used again by the caller. */
  audio(samples: Int16Array): void;
  /** Samples that the carrier knows to be lost. */
  lost(samples: number): void;
  dtmf(digit: string): void;
  warning(type: string, message: string): void;
  /** The media link broke, and may come back within LIMITS.callPeerGoneMs by `connected`. */
  unlinked(): void;
  ended(reason: CallEndReason): void;
}

/** A call that a carrier was asked to place. */
export interface OriginateRequest {
  readonly line: LineRecord;
  readonly callId: string;
  readonly to: string;
  readonly handle: CallHandle;
}

/** An incoming call that rings here. */
export interface IncomingCall {
  readonly tenant: string;
  readonly line: LineRecord;
  readonly peer: string;
  readonly externalCallId: string | null;
  /** Somebody accepted it: the carrier then calls `connected`. */
  accept(): void;
  reject(): void;
}

/** Gives incoming calls to the host. Rejects with `service_unavailable` when no more calls fit. */
export type TakeIncoming = (call: IncomingCall) => Promise<CallHandle>;

/** One way to reach peers. */
export interface Carrier {
  readonly name: string;
  readonly capabilities: CarrierCapabilities;
  /** Throws or rejects, as `originate` does, for a peer that cannot be called at all; asked before a call is on record. */
  check?(peer: Pick<OriginateRequest, 'line' | 'to'>): Promise<void> | void;
  /** Rejects with `carrier_failed` or `invalid_request`; otherwise the handle is told what comes. Resolves to a way to give up. */
  originate?(request: OriginateRequest): Promise<{ cancel(): void }>;
  close(): Promise<void>;
}

/** Announces what happened: to the event log, SSE and webhooks. Never throws, never waits. */
export type Announce = (event: {
  readonly type: EventType;
  readonly tenant: string;
  readonly lineId: string;
  readonly callId: string;
  /** Makes the id unique when one call has several of the type. */
  readonly nonce?: string;
  readonly data: Readonly<Record<string, unknown>>;
}) => void;

import { z } from 'zod';

export const CALL_ID = /^call_[0-9a-z]{26}$/;

/** `initiating`: being placed; `ringing`: at the peer or here; `active`: audio flows; `ended`: for good. */
export const CallState = z.enum(['initiating', 'ringing', 'active', 'ended']);
export type CallState = z.infer<typeof CallState>;

export const CallDirection = z.enum(['inbound', 'outbound']);
export type CallDirection = z.infer<typeof CallDirection>;

/**
 * Why a call is over. `hangup`: we ended it; `peer_hangup`: the peer did; `rejected`: we refused it; `peer_rejected`,
 * `busy`, `no_answer`: it never came about; `peer_gone`: the media link broke or fell silent for too long; `failed`: the
 * carrier could not; `node_lost`: the process that carried it died; `shutdown`: it was told to stop.
 */
export const CallEndReason = z.enum([
  'hangup',
  'peer_hangup',
  'rejected',
  'peer_rejected',
  'busy',
  'no_answer',
  'peer_gone',
  'failed',
  'node_lost',
  'shutdown',
]);
export type CallEndReason = z.infer<typeof CallEndReason>;

/** `_earshot/calls/{tenant}/{callId}/call.json`: what was true when the call began; create-only. */
export const CallRecord = z.object({
  v: z.literal(1),
  callId: z.string(),
  tenant: z.string(),
  lineId: z.string(),
  carrier: z.string(),
  direction: CallDirection,
  /** Number or address of the other side, as the carrier knows it. */
  peer: z.string(),
  /** The carrier's own id of the call. */
  externalCallId: z.string().nullable(),
  /** The session that holds the audio; null when nothing is kept. */
  sessionId: z.string().nullable(),
  record: z.boolean(),
  transcribe: z.boolean(),
  /** The caller's own text, handed back in views and events. */
  callbackData: z.string().nullable(),
  node: z.string(),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
});
export type CallRecord = z.infer<typeof CallRecord>;

/** What one direction of a call went through, in samples at 16 kHz. */
export const LegFigures = z.object({
  /** Audio that came (inbound) or was given to be played (outbound). */
  received: z.int().min(0),
  /** Silence put in where nothing was there. */
  insertedSilence: z.int().min(0),
  /** Audio left out because more came than time had passed. */
  dropped: z.int().min(0),
});
export type LegFigures = z.infer<typeof LegFigures>;

/** `…/ended.json`: create-only, so that a call ends once and for one reason. */
export const CallEndedRecord = z.object({
  v: z.literal(1),
  callId: z.string(),
  reason: CallEndReason,
  connectedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime(),
  /** From connected to ended; 0 when it never was. */
  durationMs: z.int().min(0),
  /** Null when the process that counted is gone. */
  figures: z
    .object({
      inbound: LegFigures,
      outbound: LegFigures,
      /** The sender's clock against ours, parts per million; null when the call was too short to tell. */
      driftPpm: z.number().nullable(),
      /** Samples that slow listeners did not get. */
      listenerGaps: z.int().min(0),
    })
    .nullable(),
});
export type CallEndedRecord = z.infer<typeof CallEndedRecord>;

/** `_earshot/calls/{tenant}/external/{sha256 of the carrier's id}.json`. */
export const CallPointer = z.object({ v: z.literal(1), callId: z.string() });
export type CallPointer = z.infer<typeof CallPointer>;

/** `_earshot/live-calls/{tenant}/{callId}.json`: there as long as a call has not ended. */
export const LiveCallMarker = z.object({ v: z.literal(1), node: z.string(), lineId: z.string() });
export type LiveCallMarker = z.infer<typeof LiveCallMarker>;

/** Live status in the index: lost with Redis, written again by the node that carries the call. */
export const CallStatus = z.object({
  state: CallState,
  muted: z.boolean(),
  node: z.string(),
  externalCallId: z.string().nullable(),
  startedAt: z.iso.datetime(),
  connectedAt: z.iso.datetime().nullable(),
  updatedAt: z.iso.datetime(),
});
export type CallStatus = z.infer<typeof CallStatus>;

import type { CallEndReason } from '@earshot/protocol';
import { z } from 'zod';
import type { CallView } from '../../../ports.ts';

/**
 * States of a call in Pilot Status's words. The last three are calls that never came about, or broke: the published
 * pages name the first four and say of no list that it is closed.
 */
export const PilotStatus = z.enum([
  'INITIATED',
  'RINGING',
  'ACCEPTED',
  'COMPLETED',
  'REJECTED',
  'MISSED',
  'FAILED',
]);
export type PilotStatus = z.infer<typeof PilotStatus>;

/** A call (Pilot Status API). */
export const PilotCall = z.object({
  id: z.string(),
  externalCallId: z.string().nullable(),
  direction: z.enum(['INBOUND', 'OUTBOUND']),
  status: PilotStatus,
  peerNumber: z.string(),
  durationSeconds: z.int().min(0).nullable(),
  startedAt: z.iso.datetime(),
  connectedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type PilotCall = z.infer<typeof PilotCall>;

/** Calls that never were answered, by the reason of their end. */
const UNANSWERED: Readonly<Record<CallEndReason, PilotStatus>> = {
  rejected: 'REJECTED',
  peer_rejected: 'REJECTED',
  busy: 'REJECTED',
  no_answer: 'MISSED',
  peer_hangup: 'MISSED',
  hangup: 'COMPLETED',
  failed: 'FAILED',
  peer_gone: 'FAILED',
  node_lost: 'FAILED',
  shutdown: 'FAILED',
};

/** The state of a call; one that was answered is COMPLETED however it ended, save when the carrier failed. */
export function pilotStatus({ state, reason, connectedAt }: CallView): PilotStatus {
  if (state === 'initiating') return 'INITIATED';
  if (state === 'ringing') return 'RINGING';
  if (state === 'active') return 'ACCEPTED';
  if (reason === null) return 'COMPLETED';
  if (connectedAt !== null) return reason === 'failed' ? 'FAILED' : 'COMPLETED';
  return UNANSWERED[reason];
}

/** A call as Pilot Status clients see it. */
export function pilotCall(call: CallView): PilotCall {
  return {
    id: call.callId,
    externalCallId: call.externalCallId,
    direction: call.direction === 'inbound' ? 'INBOUND' : 'OUTBOUND',
    status: pilotStatus(call),
    peerNumber: call.peer,
    durationSeconds: call.durationMs === null ? null : Math.round(call.durationMs / 1000),
    startedAt: call.createdAt,
    connectedAt: call.connectedAt,
    endedAt: call.endedAt,
    createdAt: call.createdAt,
    updatedAt: call.updatedAt,
  };
}

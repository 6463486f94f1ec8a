import { z } from 'zod';

/** Words of `CallStatus` (Twilio, "Call resource"). */
const CallStatus = z.enum([
  'queued',
  'initiated',
  'ringing',
  'in-progress',
  'completed',
  'busy',
  'no-answer',
  'failed',
  'canceled',
]);
export type CallStatus = z.infer<typeof CallStatus>;

/** The fields of a status callback that matter here. */
export const StatusFields = z.object({
  CallSid: z.string().min(1).max(64),
  CallStatus,
});

/** What a verified callback says. */
export interface StatusEvent {
  readonly lineId: string;
  /** Our id, as we gave it along; null when it is missing. */
  readonly callId: string | null;
  readonly callSid: string;
  readonly status: CallStatus;
}

/** States after which nothing comes. */
export function isFinal(status: CallStatus): boolean {
  return status !== 'queued' && status !== 'initiated' && status !== 'ringing' && status !== 'in-progress';
}

import { LIMITS } from '@earshot/protocol';
import { z } from 'zod';

/** Whom to call, as the line's carrier names peers: E.164 for telephone carriers. The carrier judges the rest. */
export const Peer = z
  .string()
  .min(1)
  .max(LIMITS.maxPeerLength)
  .regex(/^[\x21-\x7e]+$/, 'printable characters without spaces');

/** What a line keeps of a call, where a caller wants it otherwise than the line's habits. */
export const KeepChoice = {
  record: z.boolean().optional().describe("keep recordings; the line's habit unless given"),
  transcribe: z.boolean().optional().describe("transcribe both sides; the line's habit unless given"),
};

/** A page of calls, newest first. */
export const CallPage = z.strictObject({
  limit: z.coerce.number().int().min(1).max(LIMITS.maxPageSize).default(LIMITS.defaultPageSize),
  before: z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text).toISOString())
    .optional()
    .describe('calls that began before this time'),
});

/** The fields of a request that were given, so that absent ones stay absent. */
export function keepChoice(body: { record?: boolean | undefined; transcribe?: boolean | undefined }): {
  record?: boolean;
  transcribe?: boolean;
} {
  return {
    ...(body.record === undefined ? {} : { record: body.record }),
    ...(body.transcribe === undefined ? {} : { transcribe: body.transcribe }),
  };
}

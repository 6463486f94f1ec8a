import { z } from 'zod';

const amount = { objects: z.int().min(0), bytes: z.int().min(0) };

/** What an erasure removed: objects and bytes of the session, its row in the index, its jobs in the queue. */
export const ErasureReceipt = z.object({
  removed: z.object({ ...amount, index: z.boolean(), jobs: z.int().min(0) }),
  /** `notified`: a node that fed the session was told to erase its journal; `none`: no node fed it then. */
  journal: z.enum(['none', 'notified']),
});
export type ErasureReceipt = z.infer<typeof ErasureReceipt>;

/** `erased.json`: what is left of an erased session; keeps late writers out. The receipt comes when all is done. */
export const ErasedRecord = z.object({
  v: z.literal(1),
  erasedAt: z.iso.datetime(),
  receipt: ErasureReceipt.optional(),
});
export type ErasedRecord = z.infer<typeof ErasedRecord>;

/** 200 of DELETE, and of every repeat. */
export const EraseSessionResponse = z.object({
  session_id: z.string(),
  erased_at: z.iso.datetime(),
  ...ErasureReceipt.shape,
});
export type EraseSessionResponse = z.infer<typeof EraseSessionResponse>;

/** `audio-removed.json`: the time for keeping audio was over; what is left is the transcript and the ledger. */
export const AudioRemovedRecord = z.object({ v: z.literal(1), removedAt: z.iso.datetime(), ...amount });
export type AudioRemovedRecord = z.infer<typeof AudioRemovedRecord>;

/** `_earshot/tenants/{tenant}.json`: how long a tenant's sessions are kept, in days from their completion. */
export const TenantPolicy = z.object({
  v: z.literal(1),
  /** 0 keeps audio for ever. */
  keepAudioDays: z.int().min(0).max(36_500),
  /** Null keeps transcripts for ever; otherwise the whole session is erased then. */
  keepTranscriptDays: z.int().min(1).max(36_500).nullable(),
  /** Recordings of calls, from the end of the call; 0 keeps them for ever, absent is the server's rule. */
  keepRecordingDays: z.int().min(0).max(36_500).optional(),
});
export type TenantPolicy = z.infer<typeof TenantPolicy>;

/** `_earshot/retention.json`: when the last sweep began. */
export const RetentionMark = z.object({ v: z.literal(1), sweptAt: z.iso.datetime() });
export type RetentionMark = z.infer<typeof RetentionMark>;

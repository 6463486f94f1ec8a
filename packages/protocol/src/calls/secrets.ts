import { z } from 'zod';
import { LIMITS } from '../limits.ts';

/** What a short-lived secret opens: a voice conversation, or a transcription of what is said. */
export const RealtimeSecretType = z.enum(['realtime', 'transcription']);
export type RealtimeSecretType = z.infer<typeof RealtimeSecretType>;

/** `POST /realtime_session` (realtime gateway API). A conversation needs a voice, a transcription has none. */
export const RealtimeSecretRequest = z
  .strictObject({
    model: z.string().min(1).max(100),
    voice: z.string().min(1).max(100).optional(),
    /** One of the endpoints that the operator configured; the default provider when absent. */
    endpoint: z.string().max(LIMITS.maxUrlLength).optional(),
    /** Life of the secret, seconds; LIMITS.realtimeSecretSeconds when absent, moved into what providers allow. */
    ttlSeconds: z.int().optional(),
    type: RealtimeSecretType.default('realtime'),
  })
  .refine(({ type, voice }) => (type === 'realtime') === (voice !== undefined), {
    message: 'needed for type realtime, and not allowed for type transcription',
    path: ['voice'],
  });
export type RealtimeSecretRequest = z.infer<typeof RealtimeSecretRequest>;

/** The one answer that shows the secret. */
export const RealtimeSecretResponse = z.object({
  session: z.object({
    id: z.string(),
    model: z.string(),
    expires_at: z.iso.datetime(),
    client_secret: z.object({ value: z.string(), expires_at: z.iso.datetime() }),
  }),
});
export type RealtimeSecretResponse = z.infer<typeof RealtimeSecretResponse>;

/** `_earshot/audit/{tenant}/{time}-{auditId}.json`: that a secret was made, for whom and until when; never the secret. */
export const SecretAuditRecord = z.object({
  v: z.literal(1),
  auditId: z.string(),
  action: z.literal('realtime_secret.created'),
  at: z.iso.datetime(),
  tenant: z.string(),
  subject: z.string(),
  keyId: z.string().nullable(),
  lineId: z.string().nullable(),
  provider: z.string(),
  type: RealtimeSecretType,
  model: z.string(),
  sessionId: z.string(),
  expiresAt: z.iso.datetime(),
});
export type SecretAuditRecord = z.infer<typeof SecretAuditRecord>;

import { z } from 'zod';
import { SESSION_ID } from '../ids.ts';
import { LIMITS } from '../limits.ts';

export const UPLOAD_TYPES = ['chunked', 'single', 'stream'] as const;
export const UploadType = z.enum(UPLOAD_TYPES);
export type UploadType = z.infer<typeof UploadType>;

/** Engine classes that a caller chooses from; configuration maps each to an engine. */
export const ModelId = z.enum(['lite', 'pro']);
export type ModelId = z.infer<typeof ModelId>;

/** ISO 639-1 code, optionally with a region, or `auto` / `auto_detect` (MedScribe protocol). */
const language = z
  .string()
  .regex(
    /^([a-z]{2,3}(-[A-Za-z]{2,4})?|auto|auto_detect)$/,
    'a language is an ISO 639-1 code or "auto_detect"',
  );

/** Both published generations are accepted: one string or a list. */
const languages = z
  .union([language, z.array(language).max(8)])
  .transform((value) => (typeof value === 'string' ? [value] : value));

const templates = z
  .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a template id'))
  .max(LIMITS.maxTemplates);

const additionalData = z
  .record(z.string(), z.unknown())
  .refine((value) => JSON.stringify(value).length <= LIMITS.maxAdditionalDataBytes, {
    message: `additional_data holds at most ${LIMITS.maxAdditionalDataBytes} bytes of JSON`,
  });

const patientDetails = z
  .record(z.string(), z.unknown())
  .refine((value) => JSON.stringify(value).length <= LIMITS.maxAdditionalDataBytes, {
    message: `patient_details holds at most ${LIMITS.maxAdditionalDataBytes} bytes of JSON`,
  });

/** POST /voice/v1/sessions: the union of the published generations (MedScribe protocol). */
export const CreateSessionRequest = z.strictObject({
  upload_type: UploadType.default('single'),
  communication_protocol: z.enum(['http', 'websocket', 'rpc']).optional(),
  templates: templates.nullish().transform((value) => value ?? []),
  session_id: z
    .string()
    .regex(SESSION_ID, 'session_id has 16 to 64 characters of A-Z a-z 0-9 _ -')
    .optional(),
  session_mode: z.enum(['dictation', 'consultation']).default('dictation'),
  model: ModelId.default('lite'),
  language_hint: languages.nullish().transform((value) => value ?? []),
  transcript_language: languages.nullish().transform((value) => value ?? []),
  additional_data: additionalData.nullish().transform((value) => value ?? {}),
  patient_details: patientDetails.nullish().transform((value) => value ?? null),
});
export type CreateSessionRequest = z.infer<typeof CreateSessionRequest>;

/** PATCH /voice/v1/sessions/{id} (MedScribe protocol); unknown fields are refused. */
export const PatchSessionRequest = z.strictObject({
  patient_details: patientDetails.nullable().optional(),
  templates: templates.optional(),
  language_hint: languages.optional(),
  transcript_language: languages.optional(),
  additional_data: additionalData.optional(),
  session_mode: z.enum(['dictation', 'consultation']).optional(),
  model: ModelId.optional(),
  user_status: z.string().max(64).optional(),
  processing_status: z.string().max(64).optional(),
});
export type PatchSessionRequest = z.infer<typeof PatchSessionRequest>;

/** POST …/end; every field optional, an empty body is fine (MedScribe protocol). */
export const EndSessionRequest = z.object({
  audio_files_sent: z.int().min(0).optional(),
  audio_files_uploaded: z.union([z.int().min(0), z.array(z.string().max(200))]).optional(),
});
export type EndSessionRequest = z.infer<typeof EndSessionRequest>;

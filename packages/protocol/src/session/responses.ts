import { z } from 'zod';
import { EndAnswer } from '../records/documents.ts';
import { CutReason, Gap, ProcessingIssue, TrackCoverage, TrackDigest, TrackName } from '../records/ledger.ts';
import { TemplateResult, Utterance } from '../records/results.ts';
import { ModelId } from './requests.ts';

/** The wide status vocabulary of the wire (MedScribe protocol). */
export const SessionStatus = z.enum([
  'created',
  'initialized',
  'recording',
  'processing',
  'completed',
  'partial',
  'failed',
  'expired',
]);
export type SessionStatus = z.infer<typeof SessionStatus>;

/** Error envelope of every refusal (MedScribe protocol). */
export const ErrorBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});

/** 201 of Create Session. */
export const CreateSessionResponse = z.object({
  session_id: z.string(),
  status: z.literal('created'),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  upload_url: z.string(),
  patient_details: z.record(z.string(), z.unknown()).nullable(),
});
export type CreateSessionResponse = z.infer<typeof CreateSessionResponse>;

/** 200 of an upload. `replaced` and `duplicate` are ours. */
export const UploadResponse = z.object({
  session_id: z.string(),
  success: z.literal(true),
  original_filename: z.string(),
  filename: z.string(),
  size_bytes: z.int(),
  duplicate: z.boolean(),
});
export type UploadResponse = z.infer<typeof UploadResponse>;

/** 200 of a streaming HTTP body. */
export const StreamBodyResponse = z.object({
  session_id: z.string(),
  success: z.literal(true),
  received_bytes: z.int(),
  received_samples: z.int(),
  segments: z.int(),
});
export type StreamBodyResponse = z.infer<typeof StreamBodyResponse>;

export const EndSessionResponse = EndAnswer;
export type EndSessionResponse = EndAnswer;

/** The ledger as Get Session shows it (added field `coverage`); `digests` comes with the manifest of a live session. */
export const Coverage = z.object({
  tracks: z.array(TrackCoverage),
  gaps: z.array(Gap),
  digests: z.array(TrackDigest).optional(),
});
export type Coverage = z.infer<typeof Coverage>;

/** Per-segment detail as Get Session shows it (added field `segments`). */
export const SegmentView = z.object({
  track: TrackName,
  index: z.int(),
  start_seconds: z.number(),
  duration_seconds: z.number(),
  first_sample: z.int(),
  samples: z.int(),
  sample_rate: z.int(),
  cut: CutReason,
  speech: z.boolean(),
  speech_ratio: z.number(),
  level_db: z.number(),
  sha256: z.string(),
  status: z.enum(['stored', 'transcribed', 'no_speech', 'failed']),
  error: z.object({ reason: z.string(), message: z.string() }).optional(),
});
export type SegmentView = z.infer<typeof SegmentView>;

/** Templates at Eka: a list of single-key objects keyed by template id. */
export const TemplateList = z.array(z.record(z.string(), TemplateResult));

const common = {
  session_id: z.string(),
  status: SessionStatus,
  created_at: z.iso.datetime(),
  upload_type: z.string(),
  audio_files_received: z.int(),
  audio_files: z.array(z.string()),
  additional_data: z.record(z.string(), z.unknown()),
  patient_details: z.record(z.string(), z.unknown()).nullable(),
  user_status: z.string().nullable(),
  coverage: Coverage,
  segments: z.array(SegmentView),
};

/** 202 of Get Session. */
export const SessionInProgress = z.object({
  ...common,
  expires_at: z.iso.datetime(),
  upload_url: z.string(),
  transcript: z.string(),
  progress: z.object({ segments_total: z.int(), segments_done: z.int() }),
});
export type SessionInProgress = z.infer<typeof SessionInProgress>;

/** 200 and 206 of Get Session. `templates` is the Eka list, or the spec's map when asked for by MSA-Version. */
export const SessionFinished = z.object({
  ...common,
  expires_at: z.iso.datetime(),
  completed_at: z.iso.datetime(),
  model_used: ModelId,
  language_detected: z.string().optional(),
  templates: z.union([TemplateList, z.record(z.string(), TemplateResult)]),
  transcript: z.string(),
  utterances: z.array(Utterance),
  audio_files_processed: z.int(),
  processing_errors: z.array(ProcessingIssue),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  engine: z.object({ name: z.string(), model: z.string(), version: z.string() }),
});
export type SessionFinished = z.infer<typeof SessionFinished>;

/** 410 of Get Session: not the error envelope (MedScribe protocol). Published clients parse `templates` as a list here too. */
export const SessionExpired = z.object({
  ...common,
  expired_at: z.iso.datetime(),
  message: z.string(),
  templates: z.union([TemplateList, z.record(z.string(), TemplateResult)]),
  transcript: z.string().nullable(),
});
export type SessionExpired = z.infer<typeof SessionExpired>;

export const PatchSessionResponse = z.object({
  session_id: z.string(),
  status: z.literal('success'),
  message: z.string(),
});
export type PatchSessionResponse = z.infer<typeof PatchSessionResponse>;

/** GET /voice/v1/sessions: newest first. */
export const SessionListResponse = z.object({
  sessions: z.array(
    z.object({
      session_id: z.string(),
      status: SessionStatus,
      upload_type: z.string(),
      created_at: z.iso.datetime(),
      expires_at: z.iso.datetime(),
      completed_at: z.iso.datetime().nullable(),
    }),
  ),
  next_cursor: z.string().nullable(),
});
export type SessionListResponse = z.infer<typeof SessionListResponse>;

export const TemplatesResponse = z.object({
  templates: z.array(z.object({ id: z.string(), name: z.string(), description: z.string() })),
});
export type TemplatesResponse = z.infer<typeof TemplatesResponse>;

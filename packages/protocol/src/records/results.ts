import { z } from 'zod';
import { ModelId } from '../session/requests.ts';
import { ProcessingIssue, TrackName } from './ledger.ts';

/** A word on the clock of what contains it, ms. */
export const Word = z.object({
  text: z.string(),
  startMs: z.number().min(0),
  endMs: z.number().min(0),
  confidence: z.number().optional(),
});
export type Word = z.infer<typeof Word>;

/** A stretch of speech, ms. `suspect` carries the reason a guard doubted it; the text is kept. */
export const Utterance = z.object({
  track: TrackName,
  startMs: z.number().min(0),
  endMs: z.number().min(0),
  text: z.string(),
  words: z.array(Word),
  suspect: z.string().optional(),
});
export type Utterance = z.infer<typeof Utterance>;

/** `results/{track}-{index}/{attempt}.json`: what an engine said about one segment, on the segment's clock. */
export const SegmentResult = z.object({
  v: z.literal(1),
  track: TrackName,
  index: z.int().min(0),
  attempt: z.int().min(1),
  status: z.enum(['ok', 'no_speech', 'failed']),
  engine: z.string(),
  model: z.string(),
  version: z.string(),
  language: z.string().nullable(),
  timing: z.enum(['word', 'segment', 'none']),
  utterances: z.array(Utterance),
  /** Present when failed: machine-readable reason and a sentence without speech. */
  error: z.object({ reason: z.string(), message: z.string() }).optional(),
  /** What guards removed or doubted, with the raw text kept beside the cleaned one. */
  guarded: z.array(z.object({ reason: z.string(), text: z.string() })),
  finishedAt: z.iso.datetime(),
  engineMs: z.number().min(0),
});
export type SegmentResult = z.infer<typeof SegmentResult>;

/** Result of one requested template (MedScribe protocol). */
export const TemplateResult = z.object({
  status: z.enum(['success', 'failed']),
  document_id: z.string().optional(),
  data: z.record(z.string(), z.unknown()).optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});
export type TemplateResult = z.infer<typeof TemplateResult>;

export const TERMINAL_STATUSES = ['completed', 'partial', 'failed'] as const;

/** `transcript.json`: the end of a session; create-only, so a session has one. Times on the session's clock. */
export const Transcript = z.object({
  v: z.literal(1),
  tenant: z.string(),
  sessionId: z.string(),
  status: z.enum(TERMINAL_STATUSES),
  completedAt: z.iso.datetime(),
  modelUsed: ModelId,
  engine: z.string(),
  engineModel: z.string(),
  engineVersion: z.string(),
  languageDetected: z.string().nullable(),
  text: z.string(),
  utterances: z.array(Utterance),
  templates: z.record(z.string(), TemplateResult),
  /** Present when failed: codes of the MedScribe protocol. */
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  processingErrors: z.array(ProcessingIssue),
  segmentsTotal: z.int().min(0),
  segmentsFailed: z.int().min(0),
  audioFilesProcessed: z.int().min(0),
});
export type Transcript = z.infer<typeof Transcript>;

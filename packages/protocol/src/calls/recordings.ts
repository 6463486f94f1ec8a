import { z } from 'zod';

export const RECORDING_KINDS = ['inbound', 'outbound', 'mixed'] as const;
export const RecordingKind = z.enum(RECORDING_KINDS);
export type RecordingKind = z.infer<typeof RecordingKind>;

/** `rec_{random part of the call id}_{kind}`: the id alone leads to call and file. */
export const RECORDING_ID = /^rec_([0-9a-z]{26})_(inbound|outbound|mixed)$/;

/** Makes the recordings of an ended call from the segments of its session. */
export const RenderRecordingJob = z.object({ tenant: z.string(), sessionId: z.string() });
export type RenderRecordingJob = z.infer<typeof RenderRecordingJob>;

/** One WAV file: 16-bit, 16 kHz, mono. */
export const RecordingFile = z.object({
  recordingId: z.string(),
  kind: RecordingKind,
  key: z.string(),
  contentType: z.literal('audio/wav'),
  sizeBytes: z.int().positive(),
  durationMs: z.int().min(0),
  samples: z.int().min(0),
  sha256: z.string(),
});
export type RecordingFile = z.infer<typeof RecordingFile>;

/** `{tenant}/{session}/recording/recording.json`: written last and create-only; the recordings exist from then on. */
export const RecordingSidecar = z.object({
  v: z.literal(1),
  callId: z.string(),
  lineId: z.string(),
  sessionId: z.string(),
  sampleRate: z.literal(16_000),
  files: z.array(RecordingFile),
  /** How the mixed file comes from the others: each sample is their sum, clipped to 16 bits. */
  mix: z.literal('clipped sum of inbound and outbound'),
  /** Samples per direction; null when the process that counted died. Drift in parts per million. */
  insertedSilence: z.object({ inbound: z.int(), outbound: z.int() }).nullable(),
  dropped: z.object({ inbound: z.int(), outbound: z.int() }).nullable(),
  driftPpm: z.number().nullable(),
  /** Ranges of the tracks that are silence because their audio never reached the disk, in samples. */
  gaps: z.array(z.object({ track: z.string(), from: z.int(), to: z.int(), reason: z.string() })),
  createdAt: z.iso.datetime(),
  /** The files are removed then; null keeps them for ever. */
  expiresAt: z.iso.datetime().nullable(),
});
export type RecordingSidecar = z.infer<typeof RecordingSidecar>;

/** `{tenant}/{session}/recording/removed.json`: the files of the call, all together, are gone, by whose will. */
export const RecordingsRemoved = z.object({
  v: z.literal(1),
  removedAt: z.iso.datetime(),
  by: z.enum(['retention', 'request']),
});
export type RecordingsRemoved = z.infer<typeof RecordingsRemoved>;

/** A recording as callers see it. */
export const RecordingView = RecordingFile.omit({ key: true }).extend({
  callId: z.string(),
  sessionId: z.string().describe('the line, as in every call route'),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
});
export type RecordingView = z.infer<typeof RecordingView>;

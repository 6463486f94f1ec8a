import { z } from 'zod';

/** `main` for a single voice; `inbound` / `outbound` as the telephony platforms use the words. */
export const TrackName = z.enum(['main', 'inbound', 'outbound']);
export type TrackName = z.infer<typeof TrackName>;

/** Why a segment ended where it did. */
export const CutReason = z.enum(['pause', 'forced', 'end', 'recovered']);
export type CutReason = z.infer<typeof CutReason>;

/**
 * Samples that never reached us. Inside a segment they are filled with silence so that time stays true;
 * the range says which samples are not the speaker's. Positions in samples at the track's rate.
 */
export const Gap = z.object({
  track: TrackName,
  from: z.int().min(0),
  to: z.int().min(0),
  reason: z.enum(['missing_frames', 'dropped', 'interrupted', 'corrupt', 'missing_file', 'undecodable_file']),
});
export type Gap = z.infer<typeof Gap>;

/** One stored segment: sample-exact PCM16LE mono WAV at the track's own rate. */
export const SegmentEntry = z.object({
  track: TrackName,
  /** Counts per track from 0. */
  index: z.int().min(0),
  key: z.string(),
  sampleRate: z.int().positive(),
  /** Position of the first sample on the track. */
  firstSample: z.int().min(0),
  samples: z.int().positive(),
  /** Hex SHA-256 of the stored object. */
  sha256: z.string(),
  cut: CutReason,
  /** Share of frames the detector took for speech, 0..1. */
  speechRatio: z.number().min(0).max(1),
  /** RMS level, dB relative to full scale; -120 for digital silence. */
  levelDb: z.number(),
  /** False only when nothing speech-like was found: workers need not transcribe it. */
  speech: z.boolean(),
});
export type SegmentEntry = z.infer<typeof SegmentEntry>;

/** The ledger of one track: received = stored + gaps, all in samples at `sampleRate`. */
export const TrackCoverage = z.object({
  track: TrackName,
  sampleRate: z.int().positive(),
  receivedSamples: z.int().min(0),
  storedSamples: z.int().min(0),
  gapSamples: z.int().min(0),
  seconds: z.number().min(0),
  /** stored / (stored + gaps); 1 for an empty track. */
  ratio: z.number().min(0).max(1),
});
export type TrackCoverage = z.infer<typeof TrackCoverage>;

/** SHA-256 of a track's PCM16LE from position 0 on, gaps as silence. */
export const TrackDigest = z.object({
  track: TrackName,
  samples: z.int().min(0),
  sha256: z.string(),
});
export type TrackDigest = z.infer<typeof TrackDigest>;

/** Something a person should know about a session; never fatal. */
export const ProcessingIssue = z.object({
  type: z.string(),
  message: z.string(),
  file: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type ProcessingIssue = z.infer<typeof ProcessingIssue>;

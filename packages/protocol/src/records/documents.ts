import { z } from 'zod';
import { AUDIO_FORMATS } from '../session/audio-format.ts';
import { CreateSessionRequest } from '../session/requests.ts';
import { Gap, ProcessingIssue, SegmentEntry, TrackCoverage, TrackDigest } from './ledger.ts';

/** The call whose audio a session holds, and what is to become of it. */
export const SessionCall = z.object({
  callId: z.string(),
  lineId: z.string(),
  /** Recordings are made of it after End. */
  record: z.boolean(),
  /** False: the session gets an empty transcript, and no engine hears it. */
  transcribe: z.boolean(),
});
export type SessionCall = z.infer<typeof SessionCall>;

/** `session.json`: what Create Session was told, plus later PATCHes. */
export const SessionDocument = z.object({
  v: z.literal(1),
  tenant: z.string(),
  sessionId: z.string(),
  /** Present for `stream` sessions: the capability in upload_url. */
  streamId: z.string().nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  /** Name of the API key or OIDC subject that created it (an id, never a secret). */
  createdBy: z.string(),
  /** True for `sk_test_…` keys. */
  test: z.boolean(),
  request: CreateSessionRequest,
  userStatus: z.string().nullable(),
  processingStatus: z.string().nullable(),
  /** Absent in sessions that are no call's. */
  call: SessionCall.optional(),
});
export type SessionDocument = z.infer<typeof SessionDocument>;

/** `uploads/{sequence}.json`: the receipt that makes an uploaded file part of the session. */
export const UploadReceipt = z.object({
  sequence: z.int().min(0),
  key: z.string(),
  /** Stored name as `audio_files` lists it: `{sequence}.{format}`. */
  name: z.string(),
  originalFilename: z.string(),
  format: z.enum(AUDIO_FORMATS),
  contentType: z.string(),
  bytes: z.int().positive(),
  sha256: z.string(),
  receivedAt: z.iso.datetime(),
  /** Only for raw PCM: samples per second, byte order, channels. */
  pcm: z
    .object({ sampleRate: z.int().positive(), bigEndian: z.boolean(), channels: z.int().positive() })
    .optional(),
});
export type UploadReceipt = z.infer<typeof UploadReceipt>;

/** `claims/{epoch}.json`: a connection was let in; create-only, so that no epoch is given twice. */
export const StreamClaim = z.object({
  v: z.literal(1),
  epoch: z.int().positive(),
  /** The node that may hold audio of it. */
  node: z.string(),
  claimedAt: z.iso.datetime(),
});
export type StreamClaim = z.infer<typeof StreamClaim>;

/** `streams/{epoch}.json`: what one live connection left behind; written when its tail is stored. */
export const StreamRecord = z.object({
  v: z.literal(1),
  epoch: z.int().positive(),
  /** The first of the epochs that the record accounts for; `epoch` alone when absent. */
  fromEpoch: z.int().positive().optional(),
  transport: z.enum(['websocket', 'http']),
  /** Dialect name and what told it apart, e.g. `twilio`. */
  dialect: z.string(),
  encoding: z.string(),
  bigEndian: z.boolean().nullable(),
  /** Ids the platform gave (call, stream), as metadata only. */
  callId: z.string().nullable(),
  providerStreamId: z.string().nullable(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  closedBy: z.enum(['stop', 'client', 'server', 'superseded', 'error', 'recovered']),
  frames: z.int().min(0),
  malformedFrames: z.int().min(0),
  duplicateFrames: z.int().min(0),
  reorderedFrames: z.int().min(0),
  oddBytes: z.int().min(0),
  segments: z.array(SegmentEntry),
  gaps: z.array(Gap),
  coverage: z.array(TrackCoverage),
  warnings: z.array(ProcessingIssue),
  /** Connections that shared this record: those that resumed on the same node. */
  connections: z.int().positive().optional(),
  /** Digests of the tracks up to where this record ends, when they were at hand. */
  digests: z.array(TrackDigest).optional(),
});
export type StreamRecord = z.infer<typeof StreamRecord>;

/** The 202 of End Session, kept so that every repeat answers alike. */
export const EndAnswer = z.object({
  session_id: z.string(),
  status: z.literal('processing'),
  message: z.string(),
  audio_files_received: z.int().min(0),
  audio_files: z.array(z.string()),
});
export type EndAnswer = z.infer<typeof EndAnswer>;

/** `manifest.json`: written once, at End. Its existence means that the session has ended. */
export const Manifest = z.object({
  v: z.literal(1),
  tenant: z.string(),
  sessionId: z.string(),
  endedAt: z.iso.datetime(),
  uploads: z.array(UploadReceipt),
  segments: z.array(SegmentEntry),
  gaps: z.array(Gap),
  coverage: z.array(TrackCoverage),
  issues: z.array(ProcessingIssue),
  /** One per track of a live session; absent in manifests written before digests were kept. */
  digests: z.array(TrackDigest).optional(),
  answer: EndAnswer,
});
export type Manifest = z.infer<typeof Manifest>;

/** `decoded.json`: segments cut from uploaded files by the worker; create-only, absent for streams. */
export const DecodedRecord = z.object({
  v: z.literal(1),
  segments: z.array(SegmentEntry),
  gaps: z.array(Gap),
  coverage: z.array(TrackCoverage),
  filesDecoded: z.int().min(0),
  issues: z.array(ProcessingIssue),
});
export type DecodedRecord = z.infer<typeof DecodedRecord>;

/** `expired.json`: written when a session passed its expiry without End. */
export const ExpiredRecord = z.object({ v: z.literal(1), expiredAt: z.iso.datetime() });
export type ExpiredRecord = z.infer<typeof ExpiredRecord>;

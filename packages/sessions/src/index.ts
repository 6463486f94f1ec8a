export { type CallIndex, type CallPage, createCallIndex } from './calls/call-index.ts';
export { coverageOf, type TrackPosition } from './core/coverage.ts';
export { type SessionRow, type SessionState, transition } from './core/machine.ts';
export { audioFiles, isRecorded, segmentFileName } from './core/manifest.ts';
export {
  type SegmentPlace,
  type SegmentStatus,
  type SessionIndex,
  type SessionTruth,
  type StoredSegment,
  type StreamLease,
  type StreamNotice,
  segmentName,
  type WorkQueue,
} from './ports.ts';
export { createRedisIndex } from './redis/redis-index.ts';
export type { Claim } from './service/claims.ts';
export type { SessionSettings, SessionsContext } from './service/context.ts';
export type { Creation, Creator } from './service/create.ts';
export { type ErasureParts, eraseSession } from './service/ending/erase.ts';
export { createSessions, type Sessions } from './service/sessions.ts';
export type { SessionSnapshot } from './service/snapshot.ts';
export type { ClaimedStream, SessionFate, StoredStanding } from './service/streams.ts';
export type { UploadOutcome } from './service/uploads.ts';
export type { VerificationParts } from './verification/ports.ts';
export { type Verdict, verifySession } from './verification/verification.ts';

export type { CutSettings } from './context.ts';
export { createIntakeHost, type IntakeHostDeps } from './host/intake-host.ts';
export type {
  ClosedBy,
  Connection,
  ConnectionEnd,
  ConnectionListener,
  ConnectionOutcome,
  HaltReason,
  IntakeFrame,
  IntakeHost,
  IntakeIndex,
  IntakeLimits,
  IntakeLog,
  IntakeMetrics,
  IntakeSessions,
  IntakeTime,
  OpenOptions,
  SegmentStore,
  StreamFormat,
  StreamStats,
  TrackStanding,
  Transport,
} from './ports.ts';
export { UNKNOWN_FORMAT } from './record/stream-record.ts';
export { systemTime } from './time/system-time.ts';

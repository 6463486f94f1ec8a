import type {
  CallEndedRecord,
  Manifest,
  RecordingFile,
  RecordingSidecar,
  SessionCall,
  SessionRef,
  TenantPolicy,
} from '@earshot/protocol';
import { LIMITS } from '@earshot/protocol';
import { callKeys } from '@earshot/storage';
import type { TrackFile } from './track-files.ts';

const DAY_MS = 86_400_000;
const CALL_PREFIX = /^call_/;
const RATE = LIMITS.callSampleRate;

/** When the recordings of a call that ended at `endedAt` are removed; null keeps them for ever. */
export function expiryOf(
  endedAt: string,
  policy: Pick<TenantPolicy, 'keepRecordingDays'> | null,
  fallbackDays: number,
): string | null {
  const days = policy?.keepRecordingDays ?? fallbackDays;
  return days === 0 ? null : new Date(Date.parse(endedAt) + days * DAY_MS).toISOString();
}

export interface SidecarInput {
  readonly call: SessionCall;
  readonly manifest: Manifest;
  /** Null when the process that carried the call left no account. */
  readonly ended: CallEndedRecord | null;
  readonly files: readonly TrackFile[];
  readonly samples: number;
  readonly createdAt: string;
  readonly expiresAt: string | null;
}

/** The account of a call's recordings. */
export function sidecarOf(input: SidecarInput): RecordingSidecar {
  const { call, manifest, ended, createdAt, expiresAt } = input;
  const figures = ended?.figures ?? null;
  const { inbound, outbound } = figures ?? {};
  return {
    v: 1,
    callId: call.callId,
    lineId: call.lineId,
    sessionId: manifest.sessionId,
    sampleRate: RATE,
    files: input.files.map((file) => fileOf(manifest, call, { ...file, samples: input.samples })),
    mix: 'clipped sum of inbound and outbound',
    insertedSilence:
      inbound === undefined || outbound === undefined
        ? null
        : { inbound: inbound.insertedSilence, outbound: outbound.insertedSilence },
    dropped:
      inbound === undefined || outbound === undefined
        ? null
        : { inbound: inbound.dropped, outbound: outbound.dropped },
    driftPpm: figures?.driftPpm ?? null,
    gaps: manifest.gaps
      .filter(({ track }) => track === 'inbound' || track === 'outbound')
      .map(({ track, from, to, reason }) => ({ track, from, to, reason })),
    createdAt,
    expiresAt,
  };
}

function fileOf(
  ref: SessionRef,
  { callId }: SessionCall,
  { kind, bytes, sha256, samples }: TrackFile & { readonly samples: number },
): RecordingFile {
  return {
    recordingId: `rec_${callId.replace(CALL_PREFIX, '')}_${kind}`,
    kind,
    key: callKeys.recording(ref, kind),
    contentType: 'audio/wav',
    sizeBytes: bytes,
    durationMs: Math.round((samples * 1000) / RATE),
    samples,
    sha256,
  };
}

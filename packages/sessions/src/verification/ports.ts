import type { AudioRemovedRecord, RecordingSidecar, RecordingsRemoved, SessionRef } from '@earshot/protocol';
import type { SessionTruth } from '../ports.ts';

/** What verification reads; it writes nothing. */
export interface VerificationParts {
  readonly truth: Pick<
    SessionTruth,
    | 'readSession'
    | 'readErased'
    | 'readManifest'
    | 'readDecoded'
    | 'readTranscript'
    | 'readStreams'
    | 'readUploads'
    | 'listSegments'
  > & { readAudioRemoved(ref: SessionRef): Promise<AudioRemovedRecord | null> };
  /** Recordings are not looked at when absent. */
  readonly recordings?: {
    readSidecar(ref: SessionRef): Promise<RecordingSidecar | null>;
    readRecordingsRemoved(ref: SessionRef): Promise<RecordingsRemoved | null>;
  };
  /** One object whole, null when there is none. */
  readonly readObject: (key: string) => Promise<Uint8Array | null>;
  /** Length and hex SHA-256 of an object of any size, null when there is none. */
  readonly hashObject: (key: string) => Promise<{ readonly bytes: number; readonly sha256: string } | null>;
  /** Everything below a session's root. */
  readonly listKeys: (ref: SessionRef) => AsyncIterable<string>;
}

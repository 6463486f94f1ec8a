import type { Manifest, RecordingSidecar, SessionCall, SessionDocument } from '@earshot/protocol';
import { isRecorded } from '@earshot/sessions';
import type { WorkerParts } from '../parts.ts';

/** How it stands with the recordings of a session. */
export type RecordingState =
  /** There are none to come: no call, nothing heard, or removed. */
  | { readonly state: 'none' }
  | { readonly state: 'due'; readonly call: SessionCall; readonly manifest: Manifest }
  | { readonly state: 'ready'; readonly sidecar: RecordingSidecar };

const NONE: RecordingState = { state: 'none' };

/** Reads from storage what recordings a session has or should have; a session that is no call's costs nothing. */
export async function readRecordingState(
  { archive, callArchive }: Pick<WorkerParts, 'archive' | 'callArchive'>,
  session: SessionDocument | null,
): Promise<RecordingState> {
  if (session?.call?.record !== true) return NONE;
  const [manifest, sidecar, removed] = await Promise.all([
    archive.readManifest(session),
    callArchive.readSidecar(session),
    callArchive.readRecordingsRemoved(session),
  ]);
  if (removed !== null) return NONE;
  if (sidecar !== null) return { state: 'ready', sidecar };
  if (manifest === null || !isRecorded(session, manifest)) return NONE;
  return { state: 'due', call: session.call, manifest };
}

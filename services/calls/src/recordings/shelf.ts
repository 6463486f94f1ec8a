import {
  EarshotError,
  RECORDING_ID,
  type RecordingFile,
  type RecordingSidecar,
  type SessionRef,
} from '@earshot/protocol';
import type { RecordingDeps } from './deps.ts';

/** Whose recordings are asked for; `lineId` null: of every line of the tenant. */
export interface RecordingOwner {
  readonly tenant: string;
  readonly lineId: string | null;
}

/** The recordings of one call. */
export interface Shelf {
  readonly ref: SessionRef;
  readonly sidecar: RecordingSidecar;
}

/** One recording that is there. */
export interface FoundRecording extends Shelf {
  readonly file: RecordingFile;
}

type ShelfDeps = Pick<RecordingDeps, 'archive' | 'now'>;

/** The recordings of a call that are there now; null before they are made and once they are gone. */
export async function shelfOf(
  deps: ShelfDeps,
  call: { readonly tenant: string; readonly sessionId: string | null },
): Promise<Shelf | null> {
  const { tenant, sessionId } = call;
  if (sessionId === null) return null;
  const ref = { tenant, sessionId };
  const sidecar = await deps.archive.readSidecar(ref);
  if (sidecar === null || isOver(deps, sidecar)) return null;
  return (await deps.archive.readRecordingsRemoved(ref)) === null ? { ref, sidecar } : null;
}

/** Time is up at that moment, whether or not the sweep has come by. */
function isOver({ now }: ShelfDeps, { expiresAt }: RecordingSidecar): boolean {
  return expiresAt !== null && now().getTime() >= Date.parse(expiresAt);
}

/**
 * One recording of the owner's. Throws `recording_not_found` for unknown and foreign ids and for what was deleted, all
 * alike, and `recording_removed` where the time was over.
 */
export async function findRecording(
  deps: ShelfDeps,
  owner: RecordingOwner,
  recordingId: string,
): Promise<FoundRecording> {
  const [, random] = RECORDING_ID.exec(recordingId) ?? [];
  const call = random === undefined ? null : await deps.archive.readCall(owner.tenant, `call_${random}`);
  const isTheirs = owner.lineId === null || call?.lineId === owner.lineId;
  if (call === null || call.sessionId === null || !isTheirs) throw new EarshotError('recording_not_found');
  const ref = { tenant: owner.tenant, sessionId: call.sessionId };
  const [sidecar, removed] = await Promise.all([
    deps.archive.readSidecar(ref),
    deps.archive.readRecordingsRemoved(ref),
  ]);
  const file = sidecar?.files.find((one) => one.recordingId === recordingId);
  if (sidecar === null || file === undefined || removed?.by === 'request') {
    throw new EarshotError('recording_not_found');
  }
  if (removed !== null || isOver(deps, sidecar)) throw new EarshotError('recording_removed');
  return { ref, sidecar, file };
}

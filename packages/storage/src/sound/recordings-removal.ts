import type { RecordingSidecar, RecordingsRemoved, SessionRef } from '@earshot/protocol';
import type { CallArchive } from '../archive/call-archive.ts';
import type { ObjectStore } from '../port/object-store.ts';

interface RemovalParts {
  readonly store: Pick<ObjectStore, 'head' | 'remove'>;
  readonly calls: Pick<CallArchive, 'createRecordingsRemoved'>;
}

/** Which recordings go, by whose will, and how that is announced. */
interface RecordingsRemoval {
  readonly sidecar: RecordingSidecar;
  readonly record: RecordingsRemoved;
  readonly tell: () => Promise<void>;
}

/**
 * Removes all files of a call together: each one would give away what the others hold. The record comes first, so that
 * nobody is offered what is just going, then `tell`, then the files; a removal that broke off is finished by a repeat.
 * False when there was nothing left to remove.
 */
export async function removeRecordings(
  { store, calls }: RemovalParts,
  ref: SessionRef,
  { sidecar, record, tell }: RecordingsRemoval,
): Promise<boolean> {
  const keys = sidecar.files.map((file) => file.key);
  if ((await calls.createRecordingsRemoved(ref, record)) === 'exists') {
    const left = await Promise.all(keys.map((key) => store.head(key)));
    if (left.every((info) => info === null)) return false;
  }
  await tell();
  await store.remove(keys);
  return true;
}

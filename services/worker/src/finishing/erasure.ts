import type { SessionRef } from '@earshot/protocol';
import type { SessionArchive } from '@earshot/storage';

/**
 * Does work that writes into a session unless the session was erased. An erasure that comes during the work is
 * finished afterwards, so that nothing written late stays.
 */
export async function unlessErased(
  archive: Pick<SessionArchive, 'readErased' | 'eraseSession'>,
  ref: SessionRef,
  work: () => Promise<void>,
): Promise<void> {
  if ((await archive.readErased(ref)) !== null) return;
  await work();
  if ((await archive.readErased(ref)) !== null) await archive.eraseSession(ref);
}

import { recordingEvents, type SessionRef } from '@earshot/protocol';
import { removeRecordings } from '@earshot/storage';
import { announce } from '../finishing/announcement.ts';
import type { WorkerParts } from '../parts.ts';

type ExpiryParts = Pick<WorkerParts, 'archive' | 'callArchive' | 'events' | 'now' | 'producer' | 'store'>;

/** A removal that broke off is finished by the sweeps of this long after it, ms. */
const UNSURE_MS = 2 * 86_400_000;

/** Removes the recordings of a session whose time is over or that somebody deleted, and tells so; true when there were some. */
export async function expireRecordings(parts: ExpiryParts, ref: SessionRef): Promise<boolean> {
  const { callArchive, now } = parts;
  const sidecar = await callArchive.readSidecar(ref);
  if (sidecar === null) return false;
  const known = await callArchive.readRecordingsRemoved(ref);
  const nowMs = now().getTime();
  // What somebody deleted must not stay until its time is over because the removal broke off.
  const isDue =
    known === null
      ? sidecar.expiresAt !== null && nowMs >= Date.parse(sidecar.expiresAt)
      : nowMs - Date.parse(known.removedAt) <= UNSURE_MS;
  if (!isDue) return false;
  const record = known ?? { v: 1 as const, removedAt: now().toISOString(), by: 'retention' as const };
  const type = record.by === 'retention' ? ('recording.expired' as const) : ('recording.deleted' as const);
  return removeRecordings({ store: parts.store, calls: callArchive }, ref, {
    sidecar,
    record,
    tell: () =>
      announce(parts, ref.tenant, recordingEvents(ref.tenant, sidecar, { type, at: record.removedAt })),
  });
}

import { type RecordingSidecar, recordingEvents } from '@earshot/protocol';
import { type AnnouncingParts, announce } from '../finishing/announcement.ts';

/** Tells that the recordings of a call are there. */
export function announceReady(
  parts: AnnouncingParts,
  tenant: string,
  sidecar: RecordingSidecar,
): Promise<void> {
  const told = { type: 'call.recording.ready', at: sidecar.createdAt } as const;
  return announce(parts, tenant, recordingEvents(tenant, sidecar, told));
}

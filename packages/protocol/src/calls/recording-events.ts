import { type EventRecord, type EventType, eventIdOf } from './events.ts';
import type { RecordingFile, RecordingSidecar } from './recordings.ts';

type RecordingEvent = Extract<EventType, 'call.recording.ready' | 'recording.deleted' | 'recording.expired'>;

/** What is told about one file: what it is and how long it is kept; never the audio. */
function dataOf(sidecar: RecordingSidecar, file: RecordingFile, type: RecordingEvent): EventRecord['data'] {
  const named = { callId: sidecar.callId, recordingId: file.recordingId, kind: file.kind };
  if (type !== 'call.recording.ready') return named;
  const { contentType, durationMs, sizeBytes } = file;
  return { ...named, contentType, durationMs, sizeBytes, expiresAt: sidecar.expiresAt };
}

/** One event a file of a call, with the same id however often it is announced. */
export function recordingEvents(
  tenant: string,
  sidecar: RecordingSidecar,
  { type, at }: { readonly type: RecordingEvent; readonly at: string },
): EventRecord[] {
  return sidecar.files.map((file) => ({
    id: eventIdOf(sidecar.callId, type, file.kind),
    type,
    tenant,
    lineId: sidecar.lineId,
    occurredAt: at,
    data: dataOf(sidecar, file, type),
  }));
}

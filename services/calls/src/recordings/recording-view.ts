import type { RecordingFile, RecordingSidecar, RecordingView } from '@earshot/protocol';

/** A recording as callers see it; `sessionId` is the line, as in every call route. */
export function recordingView(sidecar: RecordingSidecar, file: RecordingFile): RecordingView {
  const { recordingId, kind, contentType, sizeBytes, durationMs, samples, sha256 } = file;
  const { callId, lineId, createdAt, expiresAt } = sidecar;
  return {
    recordingId,
    kind,
    contentType,
    sizeBytes,
    durationMs,
    samples,
    sha256,
    callId,
    sessionId: lineId,
    createdAt,
    expiresAt,
  };
}

/** All recordings of a call. */
export function recordingViews(sidecar: RecordingSidecar): RecordingView[] {
  return sidecar.files.map((file) => recordingView(sidecar, file));
}

import type {
  SegmentView,
  SessionExpired,
  SessionFinished,
  SessionInProgress,
  TemplateResult,
  Transcript,
} from '@earshot/protocol';
import { audioFiles, type SessionSnapshot, segmentName } from '@earshot/sessions';

/** How the caller wants the answer. */
export interface ViewOptions {
  readonly uploadUrl: string;
  /** `list` as the published clients parse it, `map` as the specification has it. */
  readonly templates: 'list' | 'map';
  /** Only this template or document. */
  readonly templateId: string | undefined;
}

function common(snapshot: SessionSnapshot) {
  const { document } = snapshot.row;
  const files = audioFiles(snapshot.uploads, snapshot.segments);
  return {
    session_id: document.sessionId,
    created_at: document.createdAt,
    upload_type: document.request.upload_type,
    audio_files_received: files.length,
    audio_files: files,
    additional_data: document.request.additional_data,
    patient_details: document.request.patient_details,
    user_status: document.userStatus,
    coverage: {
      tracks: [...snapshot.coverage],
      gaps: [...snapshot.gaps],
      ...(snapshot.digests === undefined ? {} : { digests: [...snapshot.digests] }),
    },
    segments: segmentViews(snapshot),
  };
}

function segmentViews(snapshot: SessionSnapshot): SegmentView[] {
  return snapshot.segments.map((segment) => ({
    track: segment.track,
    index: segment.index,
    start_seconds: segment.firstSample / segment.sampleRate,
    duration_seconds: segment.samples / segment.sampleRate,
    first_sample: segment.firstSample,
    samples: segment.samples,
    sample_rate: segment.sampleRate,
    cut: segment.cut,
    speech: segment.speech,
    speech_ratio: segment.speechRatio,
    level_db: segment.levelDb,
    sha256: segment.sha256,
    status: snapshot.statuses.get(segmentName(segment)) ?? 'stored',
  }));
}

/** 202: not ended yet, or being processed. */
export function inProgressView(snapshot: SessionSnapshot, options: ViewOptions): SessionInProgress {
  return {
    ...common(snapshot),
    status: snapshot.row.status,
    expires_at: snapshot.row.document.expiresAt,
    upload_url: options.uploadUrl,
    transcript: '',
    progress: { segments_total: snapshot.segments.length, segments_done: snapshot.statuses.size },
  };
}

/** 200 and 206: a result. */
export function finishedView(
  snapshot: SessionSnapshot,
  transcript: Transcript,
  options: ViewOptions,
): SessionFinished {
  return {
    ...common(snapshot),
    status: transcript.status,
    expires_at: snapshot.row.document.expiresAt,
    completed_at: transcript.completedAt,
    model_used: transcript.modelUsed,
    ...(transcript.languageDetected === null
      ? {}
      : { language_detected: transcript.languageDetected.slice(0, 2) }),
    templates: templatesView(transcript, options),
    transcript: transcript.text,
    utterances: transcript.utterances,
    audio_files_processed: transcript.audioFilesProcessed,
    processing_errors: transcript.processingErrors,
    ...(transcript.error === undefined ? {} : { error: transcript.error }),
    engine: { name: transcript.engine, model: transcript.engineModel, version: transcript.engineVersion },
  };
}

function templatesView(transcript: Transcript, options: ViewOptions): SessionFinished['templates'] {
  const chosen = Object.entries(transcript.templates).filter(
    ([id, result]) =>
      options.templateId === undefined ||
      id === options.templateId ||
      result.document_id === options.templateId,
  );
  if (options.templates === 'map') return Object.fromEntries(chosen);
  return chosen.map(([id, result]): Record<string, TemplateResult> => ({ [id]: result }));
}

/** 410: not the error envelope. */
export function expiredView(snapshot: SessionSnapshot, options: ViewOptions): SessionExpired {
  return {
    ...common(snapshot),
    status: 'expired',
    expired_at: snapshot.row.expiredAt ?? snapshot.row.document.expiresAt,
    message: 'The session expired before it was ended.',
    templates: options.templates === 'map' ? {} : [],
    transcript: null,
  };
}

/** HTTP status of Get Session: the status is the signal (a failed session is still 200). */
export function statusCodeOf(snapshot: SessionSnapshot): 200 | 202 | 206 | 410 {
  switch (snapshot.row.status) {
    case 'expired':
      return 410;
    case 'partial':
      return 206;
    case 'completed':
    case 'failed':
      return 200;
    case 'created':
    case 'recording':
    case 'processing':
      return 202;
  }
}

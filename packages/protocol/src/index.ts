export { ASSET_ID, AssetRecord, AssetView } from './calls/assets.ts';
export {
  CALL_ID,
  CallDirection,
  CallEndedRecord,
  CallEndReason,
  CallPointer,
  CallRecord,
  CallState,
  CallStatus,
  LegFigures,
  LiveCallMarker,
} from './calls/calls.ts';
export {
  CALL_EVENTS,
  EVENT_TYPES,
  EventRecord,
  EventType,
  eventIdOf,
  type SessionNews,
  sessionEvent,
} from './calls/events.ts';
export { CreateLineRequest, LINE_ID, LineRecord } from './calls/lines.ts';
export {
  MEDIA_PROTOCOL,
  MEDIA_TOKEN_PROTOCOL,
  MediaCommand,
  MediaEvent,
  MediaMode,
  RealtimeMediaRequest,
  RealtimeMediaResponse,
} from './calls/media.ts';
export { recordingEvents } from './calls/recording-events.ts';
export {
  RECORDING_ID,
  RECORDING_KINDS,
  RecordingFile,
  RecordingKind,
  RecordingSidecar,
  RecordingsRemoved,
  RecordingView,
  RenderRecordingJob,
} from './calls/recordings.ts';
export {
  RealtimeSecretRequest,
  RealtimeSecretResponse,
  RealtimeSecretType,
  SecretAuditRecord,
} from './calls/secrets.ts';
export { ThinData, thinData } from './calls/thin-data.ts';
export { WadialCall, WadialPlay, WadialSession, wadialAnswer } from './calls/views/wadial.ts';
export { DiscoveryDocument, PROTOCOL_VERSION } from './discovery.ts';
export { EarshotError, ERRORS, type ErrorCode, type ErrorRow, errorEnvelope } from './errors.ts';
export {
  ID_RANDOM_LENGTH,
  type IdPrefix,
  idFrom,
  SESSION_ID,
  type SessionRef,
  STREAM_ID,
  TENANT_ID,
} from './ids.ts';
export { AssembleTranscriptJob, DecodeUploadsJob, DeliverWebhookJob, TranscribeSegmentJob } from './jobs.ts';
export { LIMITS } from './limits.ts';
export { LoginRequest, RefreshRequest, TokenResponse } from './login.ts';
export {
  ApiKeyRecord,
  StreamPointer,
  WEBHOOK_EVENTS,
  WebhookEvent,
} from './records/access.ts';
export {
  DecodedRecord,
  EndAnswer,
  ExpiredRecord,
  Manifest,
  SessionCall,
  SessionDocument,
  StreamClaim,
  StreamRecord,
  UploadReceipt,
} from './records/documents.ts';
export {
  CutReason,
  Gap,
  ProcessingIssue,
  SegmentEntry,
  TrackCoverage,
  TrackDigest,
  TrackName,
} from './records/ledger.ts';
export { EndIntent, PendingMarker } from './records/pending.ts';
export {
  SegmentResult,
  TERMINAL_STATUSES,
  TemplateResult,
  Transcript,
  Utterance,
  Word,
} from './records/results.ts';
export {
  AudioRemovedRecord,
  ErasedRecord,
  EraseSessionResponse,
  ErasureReceipt,
  RetentionMark,
  TenantPolicy,
} from './records/retention.ts';
export { EventFilter, WebhookRecord, WebhookStyle } from './records/webhooks.ts';
export {
  ADVERTISED_MIME_TYPES,
  AUDIO_FORMATS,
  type AudioFormat,
  formatOfExtension,
  formatOfMediaType,
  type MediaType,
  parseMediaType,
} from './session/audio-format.ts';
export {
  CreateSessionRequest,
  EndSessionRequest,
  ModelId,
  PatchSessionRequest,
  UPLOAD_TYPES,
  UploadType,
} from './session/requests.ts';
export {
  Coverage,
  CreateSessionResponse,
  EndSessionResponse,
  ErrorBody,
  PatchSessionResponse,
  SegmentView,
  SessionExpired,
  SessionFinished,
  SessionInProgress,
  SessionListResponse,
  SessionStatus,
  StreamBodyResponse,
  TemplateList,
  TemplatesResponse,
  UploadResponse,
} from './session/responses.ts';
export {
  isWavHead,
  SNIFF_BYTES,
  type Sniffed,
  type SniffRefusal,
  sniffAudio,
  WAV_HEAD_BYTES,
} from './session/sniff.ts';
export { STREAM_PROTOCOL, StreamEvent } from './session/stream-events.ts';
export {
  DeliveryOutcome,
  DeliveryRecord,
  deliveryBody,
  deliveryIdOf,
  PilotEventBody,
  StandardEventBody,
  standardEventBody,
} from './webhooks/deliveries.ts';
export {
  CreateWebhookRequest,
  WebhookListResponse,
  WebhookPayload,
  WebhookView,
} from './webhooks/medscribe.ts';
export {
  CreatePilotWebhook,
  PilotDeliveryView,
  PilotWebhookView,
  UpdatePilotWebhook,
} from './webhooks/pilot.ts';
export { CreateWadialWebhook, WadialWebhookView } from './webhooks/wadial.ts';

export type { CallActions, CallName, NewCall } from './calls/call-actions.ts';
export {
  type CallsClient,
  type CallsClientOptions,
  createCallsClient,
  type MediaTarget,
} from './calls/calls-client.ts';
export type { EventOptions, LineEvent } from './calls/events/line-events.ts';
export {
  type CallMedia,
  MediaClosedError,
  type MediaEnd,
  type MediaOptions,
} from './calls/media/call-media.ts';
export {
  type ClientOptions,
  createEarshotClient,
  type EarshotClient,
  type SessionName,
  type UploadFile,
  type UploadTarget,
} from './client.ts';
export { EarshotApiError, EarshotConnectionError } from './http/api-error.ts';
export type { Credentials, RequestBody } from './http/requester.ts';
export type { RetryPolicy } from './http/retry-policy.ts';
export { ResultTimeoutError, type WaitOptions } from './session/result-wait.ts';
export type { NewSession, SessionCalls, TranscriptFormat } from './session/session-calls.ts';
export type { SessionState } from './session/session-state.ts';
export { type AudioStream, openAudioStream, type StreamOptions } from './stream/audio-stream.ts';
export type { AudioStreamEvent } from './stream/engine/settings.ts';
export type { TransportChoice } from './stream/link/connector.ts';
export type { StreamAudio, StreamMode } from './stream/link/framing.ts';
export type { Socket, SocketConstructor, SocketEvent } from './stream/link/socket.ts';
export { StreamClosedError, type StreamEnd, type StreamProgress } from './stream/stream-end.ts';
export { equalPieces } from './upload/pieces.ts';
export type { UploadOptions, UploadSummary } from './upload/upload.ts';
export type { UploadSource } from './upload/upload-source.ts';
export { readWavHeader, type WavHeader, wavHeader } from './upload/wav-header.ts';

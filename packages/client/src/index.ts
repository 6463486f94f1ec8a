export {
  type ClientOptions,
  createEarshotClient,
  type EarshotClient,
  type NewSession,
  type TranscriptFormat,
  type UploadFile,
} from './client.ts';
export { EarshotApiError, EarshotConnectionError } from './http/api-error.ts';
export type { Credentials, RequestBody } from './http/requester.ts';
export type { RetryPolicy } from './http/retry-policy.ts';
export { ResultTimeoutError, type WaitOptions } from './session/result-wait.ts';
export type { SessionState } from './session/session-state.ts';
export {
  type AudioStream,
  StreamClosedError,
  type StreamEnd,
  type StreamOptions,
} from './stream/audio-stream.ts';
export type { StreamAudio, StreamMode } from './stream/framing.ts';
export type { Socket, SocketConstructor, SocketEvent } from './stream/socket.ts';

import { type EndSessionResponse, type SessionFinished, UploadResponse } from '@earshot/protocol';
import { readAnswer } from './http/api-error.ts';
import { type Credentials, createRequester, type RequestBody, type Requester } from './http/requester.ts';
import { DEFAULT_RETRY, type RetryPolicy } from './http/retry-policy.ts';
import { type WaitOptions, waitForResult } from './session/result-wait.ts';
import { type SessionCalls, sessionCalls, sessionUrl, withQuery } from './session/session-calls.ts';
import { SESSION_STATUSES, type SessionState, sessionStateOf } from './session/session-state.ts';
import { type AudioStream, openAudioStream, type StreamOptions } from './stream/audio-stream.ts';
import type { SocketConstructor } from './stream/link/socket.ts';
import { FileNumbers } from './upload/file-numbers.ts';
import { type UploadOptions, type UploadSummary, uploadAudio, uploadToStream } from './upload/upload.ts';
import type { UploadSource } from './upload/upload-source.ts';

export interface ClientOptions extends Credentials {
  /** Origin of the server, such as `http://127.0.0.1:8080`; `/voice/v1` is added when it is not there. */
  readonly baseUrl: string;
  readonly fetch?: typeof fetch;
  readonly WebSocket?: SocketConstructor;
  readonly retry?: Partial<RetryPolicy>;
}

/** One file of a session. Its name ends in `_{sequence}.{extension}`, which decides order and format. */
export interface UploadFile {
  readonly name: string;
  readonly data: RequestBody;
  /** Media type; by the extension when left out. Raw PCM says its rate here: `audio/l16;rate=16000`. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** A session as Create Session answered, or its id. */
export type SessionName = string | { readonly session_id: string };
/** A session as Create Session answered, or its `upload_url`. */
export type UploadTarget = string | { readonly upload_url: string };

/** A MedScribe session client. Every method throws EarshotApiError or EarshotConnectionError. */
export interface EarshotClient extends SessionCalls {
  /** The session as it stands; `waitSeconds` (up to 14) holds the answer until something changes. */
  getSession(
    sessionId: string,
    options?: { waitSeconds?: number; signal?: AbortSignal | undefined },
  ): Promise<SessionState>;
  /** Long-polls until there is a result, over restarts of the server. */
  waitForResult(session: SessionName, options?: WaitOptions): Promise<SessionFinished>;
  /** Ends the session and starts its processing; may be repeated. */
  end(session: SessionName, options?: { audioFilesSent?: number }): Promise<EndSessionResponse>;
  /**
   * Sends audio to a session of any kind: a File, Blob or bytes as one file; a stream in numbered pieces, or, for a
   * `stream` session, by requests that are resumed after drops.
   */
  upload(target: UploadTarget, source: UploadSource, options?: UploadOptions): Promise<UploadSummary>;
  /** Sends one file under its own name. Same sequence and same bytes again change nothing. */
  uploadFile(uploadUrl: string, file: UploadFile): Promise<UploadResponse>;
  /** Opens a live stream to a `stream` session, which reconnects and resumes by itself. */
  openStream(target: UploadTarget, options?: StreamOptions): Promise<AudioStream>;
}

/** Builds a client for one server and one identity. Works in browsers and in Node 20 and later. */
export function createEarshotClient(options: ClientOptions): EarshotClient {
  const base = apiBase(options.baseUrl);
  const request = createRequester({
    ...options,
    fetch: options.fetch ?? globalThis.fetch,
    retry: { ...DEFAULT_RETRY, ...options.retry },
  });
  const calls = sessionCalls(base, request);
  const getSession: EarshotClient['getSession'] = async (sessionId, { waitSeconds, signal } = {}) => {
    const url = withQuery(sessionUrl(base, sessionId), { wait: waitSeconds });
    return sessionStateOf(await request({ method: 'GET', url, expect: SESSION_STATUSES, signal }));
  };
  return {
    ...calls,
    getSession,
    end: (session, end) => calls.endSession(idOf(session), end),
    waitForResult: (session, wait = {}) =>
      waitForResult(
        idOf(session),
        (waitSeconds) => getSession(idOf(session), { waitSeconds, signal: wait.signal }),
        wait,
      ),
    ...audioCalls(request, calls, runtimeOf(options)),
  };
}

type AudioCalls = Pick<EarshotClient, 'createSession' | 'upload' | 'uploadFile' | 'openStream'>;

/** The calls that carry audio, and Create Session, which says what kind of audio a session takes. */
function audioCalls(request: Requester, calls: SessionCalls, runtime: StreamOptions): AudioCalls {
  const numbers = new FileNumbers();
  return {
    async createSession(session = {}) {
      const created = await calls.createSession(session);
      numbers.created(created.upload_url, session.upload_type ?? 'single');
      return created;
    },
    async upload(target, source, options = {}) {
      const url = urlOf(target);
      const uploadType = options.uploadType ?? numbers.uploadType(url);
      if (uploadType === 'stream') {
        return uploadToStream(url, source, { ...options, stream: { ...runtime, ...options.stream } });
      }
      const nextSequence = (given?: number) => numbers.next(url, given);
      return uploadAudio(
        { sendFile: (file) => uploadFile(request, url, file), nextSequence, uploadType },
        source,
        options,
      );
    },
    uploadFile: (uploadUrl, file) => uploadFile(request, uploadUrl, file),
    openStream: (target, stream = {}) => openAudioStream(urlOf(target), { ...runtime, ...stream }),
  };
}

async function uploadFile(request: Requester, uploadUrl: string, file: UploadFile): Promise<UploadResponse> {
  const answer = await request({
    method: 'POST',
    url: `${uploadUrl.replace(/\/+$/, '')}/${encodeURIComponent(file.name)}`,
    headers: { 'content-type': file.contentType ?? 'application/octet-stream' },
    body: file.data,
    expect: [200],
    signal: file.signal,
  });
  return readAnswer(UploadResponse, answer);
}

function runtimeOf({ WebSocket, fetch: send }: ClientOptions): StreamOptions {
  return {
    ...(WebSocket === undefined ? {} : { WebSocket }),
    ...(send === undefined ? {} : { fetch: send }),
  };
}

function idOf(session: SessionName): string {
  return typeof session === 'string' ? session : session.session_id;
}

function urlOf(target: UploadTarget): string {
  return typeof target === 'string' ? target : target.upload_url;
}

function apiBase(baseUrl: string): string {
  const trimmed = baseUrl.replace(/\/+$/, '');
  return trimmed.endsWith('/voice/v1') ? trimmed : `${trimmed}/voice/v1`;
}

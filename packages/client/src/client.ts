import {
  type CreateSessionRequest,
  CreateSessionResponse,
  DiscoveryDocument,
  EndSessionResponse,
  type SessionFinished,
  SessionListResponse,
  UploadResponse,
} from '@earshot/protocol';
import { readAnswer } from './http/api-error.ts';
import { type Credentials, createRequester, type RequestBody, type Requester } from './http/requester.ts';
import { DEFAULT_RETRY, type RetryPolicy } from './http/retry-policy.ts';
import { type WaitOptions, waitForResult } from './session/result-wait.ts';
import { SESSION_STATUSES, type SessionState, sessionStateOf } from './session/session-state.ts';
import { type AudioStream, openAudioStream, type StreamOptions } from './stream/audio-stream.ts';
import type { SocketConstructor } from './stream/link/socket.ts';

export interface ClientOptions extends Credentials {
  /** Origin of the server, such as `http://127.0.0.1:8080`; `/voice/v1` is added when it is not there. */
  readonly baseUrl: string;
  readonly fetch?: typeof fetch;
  readonly WebSocket?: SocketConstructor;
  readonly retry?: Partial<RetryPolicy>;
}

/** What Create Session takes, before the server's defaults. */
export type NewSession = (typeof CreateSessionRequest)['_input'];

/** One file of a session. Its name ends in `_{sequence}.{extension}`, which decides order and format. */
export interface UploadFile {
  readonly name: string;
  readonly data: RequestBody;
  /** Media type; by the extension when left out. Raw PCM says its rate here: `audio/l16;rate=16000`. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

export type TranscriptFormat = 'json' | 'txt' | 'srt' | 'vtt';

/** A MedScribe session client. Every method throws EarshotApiError or EarshotConnectionError. */
export interface EarshotClient {
  discover(): Promise<DiscoveryDocument>;
  createSession(session?: NewSession): Promise<CreateSessionResponse>;
  /** The session as it stands; `waitSeconds` (up to 14) holds the answer until something changes. */
  getSession(
    sessionId: string,
    options?: { waitSeconds?: number; signal?: AbortSignal | undefined },
  ): Promise<SessionState>;
  waitForResult(sessionId: string, options?: WaitOptions): Promise<SessionFinished>;
  /** Sends one file to a session's `upload_url`. Same sequence and same bytes again change nothing. */
  uploadFile(uploadUrl: string, file: UploadFile): Promise<UploadResponse>;
  /** Opens a live connection on the `upload_url` of a `stream` session. */
  openStream(uploadUrl: string, options?: StreamOptions): Promise<AudioStream>;
  /** Ends the session and starts its processing; may be repeated. */
  endSession(sessionId: string, options?: { audioFilesSent?: number }): Promise<EndSessionResponse>;
  listSessions(options?: { limit?: number; cursor?: string }): Promise<SessionListResponse>;
  /** Erases the session and all that belongs to it. */
  deleteSession(sessionId: string): Promise<void>;
  /** The transcript as text in the asked format; `transcript_not_available` before it is there. */
  transcript(sessionId: string, format?: TranscriptFormat): Promise<string>;
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** Builds a client for one server and one identity. Works in browsers and in Node 20 and later. */
export function createEarshotClient(options: ClientOptions): EarshotClient {
  const base = apiBase(options.baseUrl);
  const request = createRequester({
    ...options,
    fetch: options.fetch ?? globalThis.fetch,
    retry: { ...DEFAULT_RETRY, ...options.retry },
  });
  const getSession: EarshotClient['getSession'] = async (sessionId, { waitSeconds, signal } = {}) => {
    const url = withQuery(sessionUrl(base, sessionId), { wait: waitSeconds });
    return sessionStateOf(await request({ method: 'GET', url, expect: SESSION_STATUSES, signal }));
  };
  return {
    ...sessionCalls(base, request),
    getSession,
    waitForResult: (sessionId, wait = {}) =>
      waitForResult(
        sessionId,
        (waitSeconds) => getSession(sessionId, { waitSeconds, signal: wait.signal }),
        wait,
      ),
    uploadFile: (uploadUrl, file) => uploadFile(request, uploadUrl, file),
    openStream: (uploadUrl, stream = {}) =>
      openAudioStream(
        uploadUrl,
        options.WebSocket === undefined ? stream : { WebSocket: options.WebSocket, ...stream },
      ),
  };
}

type SessionCalls = Pick<
  EarshotClient,
  'discover' | 'createSession' | 'endSession' | 'listSessions' | 'deleteSession' | 'transcript'
>;

function sessionCalls(base: string, request: Requester): SessionCalls {
  return {
    async discover() {
      const url = `${base}/.well-known/medscribealliance`;
      return readAnswer(DiscoveryDocument, await request({ method: 'GET', url, expect: [200] }));
    },
    async createSession(session = {}) {
      // The key lets a lost answer be asked for again without a second session.
      const headers = { ...JSON_TYPE, 'idempotency-key': randomKey() };
      const body = JSON.stringify(session);
      const url = `${base}/sessions`;
      const answer = await request({ method: 'POST', url, headers, body, expect: [200, 201] });
      return readAnswer(CreateSessionResponse, answer);
    },
    async endSession(sessionId, { audioFilesSent } = {}) {
      const url = `${sessionUrl(base, sessionId)}/end`;
      const body = JSON.stringify(audioFilesSent === undefined ? {} : { audio_files_sent: audioFilesSent });
      const answer = await request({ method: 'POST', url, headers: JSON_TYPE, body, expect: [200, 202] });
      return readAnswer(EndSessionResponse, answer);
    },
    async listSessions({ limit, cursor } = {}) {
      const url = withQuery(`${base}/sessions`, { limit, cursor });
      return readAnswer(SessionListResponse, await request({ method: 'GET', url, expect: [200] }));
    },
    async deleteSession(sessionId) {
      await request({ method: 'DELETE', url: sessionUrl(base, sessionId), expect: [200, 202, 204] });
    },
    async transcript(sessionId, format = 'txt') {
      const url = withQuery(`${sessionUrl(base, sessionId)}/transcript`, { format });
      return (await request({ method: 'GET', url, expect: [200] })).text;
    },
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

/** 128 random bits. Not `randomUUID`, which browsers keep from pages without TLS. */
function randomKey(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function apiBase(baseUrl: string): string {
  const trimmed = baseUrl.replace(/\/+$/, '');
  return trimmed.endsWith('/voice/v1') ? trimmed : `${trimmed}/voice/v1`;
}

function sessionUrl(base: string, sessionId: string): string {
  return `${base}/sessions/${encodeURIComponent(sessionId)}`;
}

function withQuery(url: string, query: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  return search.size === 0 ? url : `${url}?${search.toString()}`;
}

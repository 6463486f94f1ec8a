import {
  type CreateSessionRequest,
  CreateSessionResponse,
  DiscoveryDocument,
  EndSessionResponse,
  SessionListResponse,
} from '@earshot/protocol';
import { readAnswer } from '../http/api-error.ts';
import type { Requester } from '../http/requester.ts';

/** What Create Session takes, before the server's defaults. */
export type NewSession = (typeof CreateSessionRequest)['_input'];

export type TranscriptFormat = 'json' | 'txt' | 'srt' | 'vtt';

/** The calls of the session API that are one request each. */
export interface SessionCalls {
  discover(): Promise<DiscoveryDocument>;
  createSession(session?: NewSession): Promise<CreateSessionResponse>;
  /** Ends the session and starts its processing; may be repeated. */
  endSession(sessionId: string, options?: { audioFilesSent?: number }): Promise<EndSessionResponse>;
  listSessions(options?: { limit?: number; cursor?: string }): Promise<SessionListResponse>;
  /** Erases the session and all that belongs to it. */
  deleteSession(sessionId: string): Promise<void>;
  /** The transcript as text in the asked format; `transcript_not_available` before it is there. */
  transcript(sessionId: string, format?: TranscriptFormat): Promise<string>;
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** `base` is the URL of the API, without a slash at its end. */
export function sessionCalls(base: string, request: Requester): SessionCalls {
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

/** 128 random bits. Not `randomUUID`, which browsers keep from pages without TLS. */
function randomKey(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function sessionUrl(base: string, sessionId: string): string {
  return `${base}/sessions/${encodeURIComponent(sessionId)}`;
}

export function withQuery(url: string, query: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  return search.size === 0 ? url : `${url}?${search.toString()}`;
}

import type { IncomingMessage } from 'node:http';
import { EarshotError, MEDIA_TOKEN_PROTOCOL, MediaMode } from '@earshot/protocol';

/** Which audio an upgrade asks for, and by which of the two ways in. */
export interface MediaTarget {
  /** `token`: `/call/media/realtime/ws/…`; `credential`: `/api/v1/sessions/…/media`. */
  readonly by: 'token' | 'credential';
  readonly lineId: string;
  readonly callId: string;
}

const BY_TOKEN = /^\/call\/media\/realtime\/ws\/([^/]{1,400})\/([^/]{1,400})$/;
const BY_CREDENTIAL = /^\/api\/v1\/sessions\/([^/]{1,400})\/calls\/([^/]{1,400})\/media$/;

/** Reads a request's path; null when it is for none of the media sockets. */
export function readMediaTarget(url: string | undefined): MediaTarget | null {
  const path = pathOf(url);
  const byToken = BY_TOKEN.exec(path);
  const [, line = '', call = ''] = byToken ?? BY_CREDENTIAL.exec(path) ?? [];
  if (call === '') return null;
  try {
    const ids = { lineId: decodeURIComponent(line), callId: decodeURIComponent(call) };
    return { by: byToken === null ? 'credential' : 'token', ...ids };
  } catch {
    return null;
  }
}

/** The path at which a token is used. */
export function mediaPath({ lineId, callId }: { lineId: string; callId: string }): string {
  return `/call/media/realtime/ws/${encodeURIComponent(lineId)}/${encodeURIComponent(callId)}`;
}

/** A request's path, without the query, which may hold a token. */
export function pathOf(url: string | undefined): string {
  return (url ?? '').split('?', 1)[0] ?? '';
}

/** The token of a request, from its query or its subprotocols. Throws `media_token_invalid` unless there is just one. */
export function readToken({ url, headers }: Pick<IncomingMessage, 'url' | 'headers'>): string {
  const query = new URLSearchParams((url ?? '').slice(pathOf(url).length));
  const tokens = new Set([
    ...query.getAll('token'),
    ...offeredProtocols(headers['sec-websocket-protocol'])
      .filter((name) => name.startsWith(MEDIA_TOKEN_PROTOCOL))
      .map((name) => name.slice(MEDIA_TOKEN_PROTOCOL.length)),
  ]);
  const [token] = tokens;
  if (token === undefined || tokens.size > 1) throw new EarshotError('media_token_invalid');
  return token;
}

/**
 * What a client with a credential wants, by `mode` in its query: it talks unless it says `listen`, so that listening
 * takes nobody's place. Throws `invalid_request` for anything else.
 */
export function readMode(url: string | undefined): MediaMode {
  const query = new URLSearchParams((url ?? '').slice(pathOf(url).length));
  const mode = MediaMode.safeParse(query.get('mode') ?? 'talk');
  if (mode.success) return mode.data;
  throw new EarshotError('invalid_request', { message: 'The mode is talk or listen.' });
}

/** The names in a Sec-WebSocket-Protocol header. */
export function offeredProtocols(header: string | undefined): string[] {
  return header === undefined ? [] : header.split(',').map((name) => name.trim());
}

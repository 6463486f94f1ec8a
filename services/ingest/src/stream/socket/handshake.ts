import type { IncomingMessage } from 'node:http';
import { EarshotError, STREAM_ID } from '@earshot/protocol';
import { HandshakeRefusal } from './refusal.ts';

/** What a well-formed upgrade request asks for. */
export interface Handshake {
  readonly streamId: string;
  readonly byteOrder: 'auto' | 'little' | 'big';
  /** The client has nothing below this sample any more. */
  readonly from: number | undefined;
}

const PATH = /^\/voice\/v1\/stream\/sessions\/([^/]{1,200})\/audio\/?$/;
/** RFC 6455 section 4.1: 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;
/** RFC 6455 section 4.1: tokens parted by commas. */
const TOKEN_LIST = /^[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*$/;
const WHOLE_NUMBER = /^(?:0|[1-9]\d{0,15})$/;
/** Subprotocols or extensions offered in one request. */
const MAX_OFFERS = 32;

/** Checks the form of an upgrade request before anything is looked up; throws what the client must be told. */
export function readHandshake(
  request: Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'httpVersion'>,
  allowedOrigins: readonly string[] | undefined,
): Handshake {
  const [path = '', query = ''] = splitUrl(request.url ?? '');
  const streamId = PATH.exec(path)?.[1];
  if (streamId === undefined) throw new EarshotError('resource_not_found');
  refuseOtherThanWebSocket(request);
  refuseOrigin(request.headers.origin, allowedOrigins);
  if (!STREAM_ID.test(streamId)) throw new EarshotError('session_not_found');
  const asked = new URLSearchParams(query);
  return { streamId, byteOrder: byteOrderOf(asked), from: fromOf(asked) };
}

function splitUrl(url: string): string[] {
  const mark = url.indexOf('?');
  return mark < 0 ? [url] : [url.slice(0, mark), url.slice(mark + 1)];
}

function refuseOtherThanWebSocket({
  method,
  headers,
  httpVersion,
}: Pick<IncomingMessage, 'method' | 'headers' | 'httpVersion'>): void {
  if (method !== 'GET') {
    throw new HandshakeRefusal('method_not_allowed', 'A stream is opened with GET.', { Allow: 'GET' });
  }
  if (httpVersion !== '1.1') throw malformed('A WebSocket is opened with HTTP/1.1.');
  if (headers.upgrade?.toLowerCase() !== 'websocket')
    throw malformed('The Upgrade header must be "websocket".');
  if (!KEY.test(headers['sec-websocket-key'] ?? ''))
    throw malformed('Sec-WebSocket-Key is missing or malformed.');
  if (headers['sec-websocket-version'] !== '13') {
    throw new HandshakeRefusal('invalid_request', 'Only WebSocket version 13 is spoken here.', {
      'Sec-WebSocket-Version': '13',
    });
  }
  const protocols = headers['sec-websocket-protocol'];
  if (protocols !== undefined && !isOfferList(protocols))
    throw malformed('Sec-WebSocket-Protocol is malformed.');
  if ((headers['sec-websocket-extensions'] ?? '').split(',').length > MAX_OFFERS) {
    throw malformed('Too many WebSocket extensions are offered.');
  }
}

function isOfferList(header: string): boolean {
  const names = header.split(',').map((name) => name.trim());
  return names.length <= MAX_OFFERS && new Set(names).size === names.length && TOKEN_LIST.test(header);
}

function malformed(message: string): HandshakeRefusal {
  return new HandshakeRefusal('invalid_request', message);
}

/** Sockets carry no cookies, so any origin may connect unless the operator lists some; programs send none. */
function refuseOrigin(origin: string | undefined, allowed: readonly string[] | undefined): void {
  if (allowed === undefined || origin === undefined || allowed.includes(origin)) return;
  throw new EarshotError('forbidden', { message: 'This origin may not open streams.' });
}

/** `?byte_order=big|little` overrides what the dialect says about 16-bit samples. */
function byteOrderOf(query: URLSearchParams): Handshake['byteOrder'] {
  const order = query.get('byte_order') ?? 'auto';
  if (order === 'auto' || order === 'little' || order === 'big') return order;
  throw malformed('byte_order is "big", "little" or "auto".');
}

/** `?from_sample=N` says that nothing below that position can be sent any more. */
function fromOf(query: URLSearchParams): number | undefined {
  const [text, ...more] = query.getAll('from_sample');
  if (text === undefined) return undefined;
  const from = WHOLE_NUMBER.test(text) ? Number(text) : Number.NaN;
  if (more.length === 0 && Number.isSafeInteger(from)) return from;
  throw malformed('from_sample is a whole number of samples, 0 or more.');
}

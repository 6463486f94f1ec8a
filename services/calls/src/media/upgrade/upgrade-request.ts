import type { IncomingMessage } from 'node:http';
import { EarshotError } from '@earshot/protocol';
import { offeredProtocols } from './media-target.ts';
import { FormRefusal } from './refusal.ts';

/** RFC 6455 section 4.1: 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;
/** RFC 9110 section 5.6.2. */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
/** Subprotocols or extensions offered in one request. */
const MAX_OFFERS = 32;

type Request = Pick<IncomingMessage, 'method' | 'headers' | 'httpVersion'>;

/** Checks that a request opens a WebSocket (RFC 6455 section 4.2.1), from an origin that may. Throws the refusal. */
export function checkUpgrade(request: Request, isAllowedOrigin: (origin: string) => boolean): void {
  const { headers } = request;
  if (request.method !== 'GET') {
    throw new FormRefusal('method_not_allowed', 'A WebSocket is opened with GET.', { Allow: 'GET' });
  }
  if (request.httpVersion !== '1.1') refuse('A WebSocket is opened with HTTP/1.1.');
  if (headers.upgrade?.toLowerCase() !== 'websocket') refuse('The Upgrade header must be "websocket".');
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) refuse('Sec-WebSocket-Key is missing or malformed.');
  if (headers['sec-websocket-version'] !== '13') {
    const spoken = { 'Sec-WebSocket-Version': '13' };
    throw new FormRefusal('invalid_request', 'Only WebSocket version 13 is spoken here.', spoken);
  }
  checkOffers(headers);
  // No cookie is ever looked at; a page of another site that got hold of a token is still kept out.
  if (headers.origin !== undefined && !isAllowedOrigin(headers.origin)) {
    throw new EarshotError('forbidden', { message: 'This origin may not open media sockets.' });
  }
}

function checkOffers(headers: Request['headers']): void {
  const names = offeredProtocols(headers['sec-websocket-protocol']);
  const isSound = names.every((name) => NAME.test(name)) && new Set(names).size === names.length;
  if (!isSound || names.length > MAX_OFFERS) refuse('Sec-WebSocket-Protocol is malformed.');
  const extensions = headers['sec-websocket-extensions'] ?? '';
  if (extensions.split(',').length > MAX_OFFERS) refuse('Too many WebSocket extensions are offered.');
}

function refuse(message: string): never {
  throw new FormRefusal('invalid_request', message);
}

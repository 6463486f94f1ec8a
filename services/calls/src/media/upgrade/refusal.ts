import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { EarshotError, type ErrorCode, errorEnvelope } from '@earshot/protocol';

/** A refused connection is cut off when it has not closed by itself after this, ms. */
const LINGER_MS = 1000;

/** When a refusal is worth another try, seconds, unless the error says so itself. */
const RETRY_SECONDS: Partial<Record<ErrorCode, number>> = {
  rate_limit_exceeded: 1,
  service_unavailable: 2,
  shutting_down: 1,
};

/** An upgrade refused for its form; `headers` tell the client what would be right. */
export class FormRefusal extends EarshotError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(code, { message });
    this.headers = headers;
  }
}

/** Answers an upgrade request with an HTTP error and the JSON envelope instead of 101, and closes the connection. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  // Nobody else may be listening any more, and a client that resets the connection must not end the process.
  socket.on('error', () => undefined);
  if (socket.destroyed) return;
  const status = error instanceof EarshotError ? error.status : 500;
  const body = JSON.stringify(errorEnvelope(error));
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
    Connection: 'close',
    ...retryAfter(error),
    ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(error instanceof FormRefusal ? error.headers : {}),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.resume();
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${lines.join('')}\r\n${body}`);
}

function retryAfter(error: unknown): Record<string, string> {
  if (!(error instanceof EarshotError)) return {};
  const told = error.details?.['retry_after_seconds'];
  const seconds = typeof told === 'number' ? Math.ceil(told) : RETRY_SECONDS[error.code];
  return seconds === undefined ? {} : { 'Retry-After': String(seconds) };
}

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { EarshotError, errorEnvelope } from '@earshot/protocol';

interface Refusal {
  readonly status: number;
  readonly error: EarshotError;
}

function refusalOf(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return {
      status: 431,
      error: new EarshotError('invalid_request', { message: 'The request head is too large.' }),
    };
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { status: 408, error: new EarshotError('request_timeout') };
  return {
    status: 400,
    error: new EarshotError('invalid_request', { message: 'This is not a valid HTTP request.' }),
  };
}

/** Answers bytes that never became a request, with the same envelope, and closes the connection. */
export function answerConnectionFailure(failure: { readonly code?: string }, socket: Socket): void {
  if (failure.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, error } = refusalOf(failure.code);
  const body = JSON.stringify(errorEnvelope(error));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

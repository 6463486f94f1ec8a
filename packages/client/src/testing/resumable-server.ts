import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { STREAM_PROTOCOL, type StreamEvent } from '@earshot/protocol';
import { WebSocketServer } from 'ws';
import { type ResumableServerOptions, StreamState } from './stream-state.ts';

export type { ResumableServerOptions };

/** A server of one stream that speaks `earshot.v1` and appending requests, and keeps its promises. */
export interface ResumableServer {
  readonly port: number;
  readonly socketUrl: string;
  /** `method url` of each request and upgrade, in order. */
  readonly seen: string[];
  /** What an archive would hold. */
  audio(): Int16Array;
  /** Most bytes that were ever received and not yet durable. */
  readonly mostUnsafeBytes: number;
  /** Forgets what is not durable and drops all connections, as `kill -9` does; `keepBytes` forgets even more. */
  crash(keepBytes?: number): void;
  /** Closes the live socket with a code, told before by a `closing` event with this hint. */
  closeSocket(code: number, retryAfterMs?: number): void;
  /** Audio of another sender. */
  feed(audio: Int16Array): void;
  /** Completes the stream, as an End of its session does. */
  complete(): void;
  /** Tells the live socket something. */
  tell(event: StreamEvent): void;
  close(): Promise<void>;
}

/** Starts the server on a free loopback port. */
export async function startResumableServer(options: ResumableServerOptions = {}): Promise<ResumableServer> {
  const stream = new StreamState(options);
  const { refuseAppend } = options;
  const seen: string[] = [];
  const http = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const refused = request.method === 'HEAD' ? undefined : refuseAppend?.();
    if (refused !== undefined) {
      response.writeHead(refused).end();
      return;
    }
    void answer(stream, request, response).catch(() => response.destroy());
  });
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has(STREAM_PROTOCOL) ? STREAM_PROTOCOL : false),
  });
  let upgrades = 0;
  http.on('upgrade', (request, socket, head) => {
    seen.push(`UPGRADE ${request.url}`);
    socket.on('error', () => undefined);
    const refusal = options.refuse?.(upgrades++);
    if (refusal === undefined) {
      sockets.handleUpgrade(request, socket, head, (accepted) => {
        void stream.join(accepted, request.url ?? '');
      });
      return;
    }
    const headers = Object.entries(refusal.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${refusal.status} Refused\r\n${headers.join('')}Content-Length: 0\r\n\r\n`);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return {
    port,
    socketUrl: `ws://127.0.0.1:${port}/voice/v1/stream/sessions/str_x/audio`,
    seen,
    audio: () => stream.audio(),
    get mostUnsafeBytes() {
      return stream.mostUnsafeBytes;
    },
    crash(keepBytes) {
      stream.crash(keepBytes);
      for (const socket of sockets.clients) socket.terminate();
      http.closeAllConnections();
    },
    closeSocket: (code, retryAfterMs) => stream.closeSocket(code, retryAfterMs),
    feed: (audio) => stream.take(Buffer.from(audio.buffer)),
    complete() {
      stream.isComplete = true;
    },
    tell: (event) => stream.tell(event),
    async close() {
      stream.crash();
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** HEAD and PATCH of the stream's URL. A body that breaks off keeps its whole samples, unless a digest covers it. */
async function answer(
  stream: StreamState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const say = (status: number) => {
    response.setHeader('Upload-Offset', stream.received);
    response.setHeader('Upload-Complete', stream.isComplete ? '?1' : '?0');
    response.writeHead(status).end();
  };
  if (request.method === 'HEAD') {
    say(204);
    return;
  }
  if (Number(request.headers['upload-offset']) !== stream.received) {
    request.resume();
    say(409);
    return;
  }
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = Buffer.concat(parts);
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  if (body.length > 0 && request.headers['content-digest'] !== digest) {
    say(400);
    return;
  }
  // Whoever was faster meanwhile has it; this body is another one's by now.
  if (Number(request.headers['upload-offset']) !== stream.received) {
    say(409);
    return;
  }
  stream.supersede();
  stream.take(body);
  await stream.whenDurable();
  if (request.headers['upload-complete'] === '?1') stream.isComplete = true;
  say(204);
}

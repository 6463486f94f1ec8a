import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** One request as the server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What the server answers: a status, a JSON body (or text) and headers. */
export interface PlannedAnswer {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Record<string, string>;
  /** Breaks the connection instead of answering. */
  readonly hangUp?: boolean;
}

/** A real HTTP and WebSocket server on a free loopback port whose answers a test plans. */
export interface LocalServer {
  readonly url: string;
  readonly socketUrl: string;
  readonly seen: SeenRequest[];
  close(): Promise<void>;
}

export interface LocalServerOptions {
  readonly answer?: (request: SeenRequest) => PlannedAnswer;
  readonly onSocket?: (socket: WebSocket, request: IncomingMessage) => void;
  /** The subprotocol that is chosen when it is offered. */
  readonly chooses?: string;
  /** Answers an upgrade with this status instead of a socket. */
  readonly refuseUpgrade?: number;
  /** The body of that answer. */
  readonly refusalBody?: string;
}

/** Starts the server; close it when the test ends. */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
      seen.push(one);
      send(response, options.answer?.(one) ?? { status: 404 });
    });
  });
  const sockets = acceptSockets(server, options);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    socketUrl: `ws://127.0.0.1:${port}/voice/v1/stream`,
    seen,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function acceptSockets(server: Server, options: LocalServerOptions): WebSocketServer {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => [...offered].find((name) => name === options.chooses) ?? false,
  });
  server.on('upgrade', (request, socket, head) => {
    if (options.refuseUpgrade !== undefined) {
      const body = options.refusalBody ?? '';
      const head = `HTTP/1.1 ${options.refuseUpgrade} Refused\r\nContent-Length: ${body.length}\r\n\r\n`;
      socket.end(head + body);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => options.onSocket?.(accepted, request));
  });
  return sockets;
}

function send(response: ServerResponse, answer: PlannedAnswer): void {
  if (answer.hangUp === true) {
    response.socket?.destroy();
    return;
  }
  response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
  response.end(answer.text ?? (answer.json === undefined ? undefined : JSON.stringify(answer.json)));
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

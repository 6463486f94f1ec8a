import { readFileSync } from 'node:fs';
import {
  createServer as createHttp,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type Server, type Socket } from 'node:net';

/** The test certificate of `hook.example`, and who vouches for it. */
const pem = (name: string): string =>
  readFileSync(new URL(`../../../../../packages/runtime/fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
export const AUTHORITY = pem('authority');

/** A server that keeps all it is sent. */
export interface Sink {
  readonly port: number;
  /** Each request as one text: request line, headers, body. */
  readonly requests: string[];
  /** Connections taken, whether or not anything came. */
  readonly connections: () => number;
  close(): Promise<void>;
}

export type SinkAnswer = (response: ServerResponse, request: IncomingMessage) => void;

async function open(
  server: Server,
  requests: string[],
  { host = '127.0.0.1', port = 0 }: { host?: string; port?: number },
): Promise<Sink> {
  let connections = 0;
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the sink has no port');
  return {
    port: address.port,
    requests,
    connections: () => connections,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function recorder(requests: string[], answer: SinkAnswer): RequestListener {
  return (request, response) => {
    const parts: string[] = [`${request.method} ${request.url}`, ...request.rawHeaders];
    request.on('data', (part: Buffer) => parts.push(part.toString('latin1')));
    request.on('end', () => {
      requests.push(parts.join('\n'));
      answer(response, request);
    });
  };
}

/** Speaks HTTP, under TLS as `hook.example` if told to. */
export async function startHttpSink(answer: SinkAnswer, { secure = false } = {}): Promise<Sink> {
  const requests: string[] = [];
  const listener = recorder(requests, answer);
  const server = secure
    ? createHttps({ cert: pem('hook'), key: pem('hook.key') }, listener)
    : createHttp(listener);
  return open(server, requests, {});
}

/** Takes bytes of any kind, and may answer the first of each connection with some. */
export async function startRawSink(
  options: { host?: string; port?: number; answer?: string } = {},
): Promise<Sink> {
  const requests: string[] = [];
  const server = createTcp((socket) =>
    socket.on('data', (part) => {
      requests.push(part.toString('latin1'));
      if (options.answer !== undefined) socket.write(options.answer);
    }),
  );
  return open(server, requests, options);
}

let made = 0;
/** What a provider says when all is well; each secret is another. */
export function goodAnswer(more: object = {}): object {
  made += 1;
  const id = String(made).padStart(8, '0');
  return {
    value: `ek_minted_secret_${id}`,
    expires_at: Math.floor(Date.now() / 1000) + 600,
    session: { type: 'realtime', object: 'realtime.session', id: `sess_${id}`, expires_at: 0 },
    ...more,
  };
}

export function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

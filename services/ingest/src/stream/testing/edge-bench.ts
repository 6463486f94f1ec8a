import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EarshotError, errorEnvelope, parseMediaType } from '@earshot/protocol';
import WebSocket from 'ws';
import { createStreamEdge, type StreamEdge, type StreamEdgeDeps } from '../edge.ts';
import { createMemoryLog, type MemoryLog, noMetrics } from './intake-bench.ts';

/** A stream edge behind a real HTTP server on 127.0.0.1. */
export interface EdgeBench {
  readonly edge: StreamEdge;
  readonly port: number;
  readonly log: MemoryLog;
  /** Opens a socket for a stream; resolves when it is open. */
  connect(streamId: string, options?: { query?: string; protocols?: string[] }): Promise<Client>;
  close(): Promise<void>;
}

/** A client socket and how it was closed. */
export interface Client {
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Sends bytes or text, and waits while more than a megabyte is on its way. */
  send(data: Uint8Array | string): Promise<void>;
}

export type EdgeBenchDeps = Pick<StreamEdgeDeps, 'sessions' | 'index' | 'store'> & Partial<StreamEdgeDeps>;

export async function startEdge(deps: EdgeBenchDeps): Promise<EdgeBench> {
  const log = createMemoryLog();
  const edge = createStreamEdge({ node: 'node', log, metrics: noMetrics, ...deps });
  const server = serve(edge);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    edge,
    port,
    log,
    connect: (streamId, options) => connect(port, streamId, options),
    async close() {
      await edge.close(3000);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Upgrades go to the edge; `POST /feed/{streamId}` feeds a body. */
function serve(edge: StreamEdge): Server {
  const server = createServer((request, response) => {
    const contentType = parseMediaType(request.headers['content-type'] ?? '') ?? {
      essence: '',
      parameters: {},
    };
    const streamId = (request.url ?? '').replace('/feed/', '');
    edge.feedBody({ target: { streamId }, contentType, body: request }).then(
      (answer) => response.writeHead(200, { Connection: 'close' }).end(JSON.stringify(answer)),
      (error: unknown) => {
        const status = error instanceof EarshotError ? error.status : 500;
        response.writeHead(status, { Connection: 'close' }).end(JSON.stringify(errorEnvelope(error)));
      },
    );
  });
  server.on('upgrade', (request, socket, head) => edge.handleUpgrade(request, socket, head));
  return server;
}

async function connect(
  port: number,
  streamId: string,
  options: { query?: string; protocols?: string[] } = {},
): Promise<Client> {
  const url = `ws://127.0.0.1:${port}/voice/v1/stream/sessions/${streamId}/audio${options.query ?? ''}`;
  const socket = new WebSocket(url, options.protocols ?? [], { perMessageDeflate: true });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await once(socket, 'open');
  return {
    socket,
    closed,
    async send(data) {
      socket.send(data, () => undefined);
      while (socket.bufferedAmount > 1_000_000 && socket.readyState === socket.OPEN) {
        await new Promise((done) => setTimeout(done, 1));
      }
    },
  };
}

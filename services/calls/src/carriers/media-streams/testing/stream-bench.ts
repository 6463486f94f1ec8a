import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LineRecord } from '@earshot/protocol';
import WebSocket from 'ws';
import type { CallHandle, IncomingCall } from '../../../ports.ts';
import { type CallRecorder, createCallRecorder } from '../../testing/call-recorder.ts';
import { createMediaStreams, type MediaStreams } from '../media-streams.ts';
import type { MediaStreamsDeps } from '../media-streams-deps.ts';
import type { StreamSettings } from '../stream-settings.ts';

export const SECRET = 'route-secret-of-22-chars';
/** Settings of a carrier whose platform shows a secret in the path. */
export const plain: StreamSettings = {
  auth: { kind: 'path-secret', value: SECRET },
  listenOnly: false,
  byteOrder: 'auto',
};

/** A line of every configured carrier: `lin_` and the carrier's name. */
function lineOf(carrier: string): LineRecord {
  return {
    ...{ v: 1, lineId: `lin_${carrier}`, tenant: 'clinic', name: carrier, number: null, carrier },
    ...{ record: true, transcribe: false, autoAnswer: false, model: 'lite', language: null },
    createdAt: '2026-01-01T00:00:00.000Z',
  };
}

/** Media streams behind a real HTTP server on 127.0.0.1, with a host that takes every call and writes down what it hears. */
export interface StreamBench {
  readonly streams: MediaStreams;
  readonly port: number;
  /** Calls that came in, with what their handles were told. */
  readonly taken: { readonly call: IncomingCall; readonly handle: CallRecorder }[];
  readonly log: readonly string[];
  /** Opens a platform's socket; resolves when it is open. */
  dial(options?: DialOptions): Promise<Platform>;
  /** The answer to an upgrade that is refused. */
  refused(path: string, headers?: Record<string, string>): Promise<Refusal>;
  close(): Promise<void>;
}

interface DialOptions {
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly protocols?: readonly string[];
}

interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly headers: Record<string, string | string[] | undefined>;
}

/** The platform's end of a stream. */
export interface Platform {
  readonly socket: WebSocket;
  /** What came, in order. */
  readonly messages: Sent[];
  readonly closed: Promise<{ code: number; reason: string }>;
  say(...messages: readonly Sent[]): void;
}

export type Sent = string | Uint8Array;

export async function startBench(
  deps: Partial<MediaStreamsDeps> & {
    readonly take?: (call: IncomingCall, handle: CallRecorder) => Promise<CallHandle> | CallHandle;
  } = {},
): Promise<StreamBench> {
  const taken: StreamBench['taken'] = [];
  const log: string[] = [];
  const write = (fields: Record<string, unknown>, message: string): void => {
    log.push(`${message} ${JSON.stringify(fields)}`);
  };
  const settings = deps.settings ?? { plain };
  const streams = createMediaStreams({
    findLine: (lineId) => {
      const name = lineId.replace(/^lin_/, '');
      return Promise.resolve(Object.hasOwn(settings, name) || name === 'loopback' ? lineOf(name) : null);
    },
    takeIncoming: async (call) => {
      const handle = createCallRecorder(`call_${taken.length + 1}`);
      taken.push({ call, handle });
      return await (deps.take?.(call, handle) ?? handle);
    },
    log: { info: write, warn: write, error: write },
    ...deps,
    settings,
  });
  const server = createServer((_request, response) => response.writeHead(404).end());
  server.on('upgrade', (request, socket, head) => {
    if (!streams.handleUpgrade(request, socket, head)) socket.end('HTTP/1.1 418 Not ours\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...{ streams, port, taken, log },
    dial: (options = {}) => dial(port, options),
    refused: (path, headers = {}) => refused(port, path, headers),
    async close() {
      await streams.close(1000);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function dial(port: number, { path, headers = {}, protocols = [] }: DialOptions): Promise<Platform> {
  const url = `ws://127.0.0.1:${port}${path ?? `/carriers/media-streams/lin_plain/${SECRET}`}`;
  const socket = new WebSocket(url, [...protocols], { headers, perMessageDeflate: true });
  const messages: Sent[] = [];
  socket.on('message', (data: Buffer, binary) =>
    messages.push(binary ? Uint8Array.from(data) : data.toString()),
  );
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await once(socket, 'open');
  return {
    ...{ socket, messages, closed },
    say(...sent) {
      for (const message of sent) socket.send(message);
    },
  };
}

async function refused(port: number, path: string, headers: Record<string, string>): Promise<Refusal> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
  socket.on('error', () => undefined);
  return await new Promise((resolve, reject) => {
    socket.once('open', () => reject(new Error('the upgrade was not refused')));
    socket.once('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (piece: Buffer) => {
        body += piece.toString();
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body, headers: response.headers });
      });
    });
  });
}

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EarshotError, MediaEvent, type MediaMode } from '@earshot/protocol';
import type { Principal } from '@earshot/runtime';
import WebSocket from 'ws';
import type { MediaEdgeDeps, MediaObserver } from '../media-deps.ts';
import { createMediaEdge, type MediaEdge } from '../media-edge.ts';
import { createMemoryCalls, type MemoryCalls } from './memory-calls.ts';

/** A media edge behind a real HTTP server on 127.0.0.1. */
export interface MediaBench {
  readonly edge: MediaEdge;
  readonly calls: MemoryCalls;
  readonly port: number;
  /** Everything that was logged and counted, as text. */
  readonly written: string[];
  readonly observed: { gapSamples: number; ignoredBytes: number; malformed: number; refused: string[] };
  /** Keys that are let in, and whose they are. */
  readonly keys: Map<string, Pick<Principal, 'tenant' | 'line'>>;
  /** A token for a call of the line `lin_desk`. */
  path(callId: string, mode: MediaMode, credential?: () => Promise<boolean>): string;
  join(path: string, options?: JoinOptions): Promise<Joined>;
  /** The answer to an upgrade that is refused. */
  refusal(path: string, options?: JoinOptions): Promise<{ status: number; code: unknown; body: string }>;
  close(): Promise<void>;
}

interface JoinOptions {
  readonly headers?: Record<string, string>;
  readonly protocols?: readonly string[];
}

/** A client socket, what it heard, what it was told, and how it was closed. */
export interface Joined {
  readonly socket: WebSocket;
  readonly binary: Buffer[];
  readonly texts: string[];
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Every text frame so far, checked against the schema. */
  events(): MediaEvent[];
  /** All binary frames so far. */
  bytes(): Buffer;
}

export async function startMediaBench(deps: Partial<MediaEdgeDeps> = {}): Promise<MediaBench> {
  const calls = createMemoryCalls();
  const written: string[] = [];
  const keys: MediaBench['keys'] = new Map([['tenant-key', { tenant: 'clinic', line: null }]]);
  const observed: MediaBench['observed'] = { gapSamples: 0, ignoredBytes: 0, malformed: 0, refused: [] };
  const write = (level: string) => (fields: Record<string, unknown>, message: string) => {
    const err = fields['err'] instanceof Error ? `${fields['err'].message} ${fields['err'].stack ?? ''}` : '';
    written.push(`${level} ${JSON.stringify(fields)} ${message} ${err}`);
  };
  const edge = createMediaEdge({
    calls,
    authenticate: (headers) => authenticate(keys, headers['authorization']),
    allowedOrigins: ['https://app.example', 'http://localhost:*'],
    log: { info: write('info'), warn: write('warn'), error: write('error') },
    observer: observerOf(observed, written),
    ...deps,
  });
  const server = createServer();
  server.on('upgrade', (request, socket, head) => {
    if (edge.handleUpgrade(request, socket, head)) written.push(`upgrade ${request.url}`);
    else socket.end('HTTP/1.1 418 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    edge,
    calls,
    port,
    written,
    observed,
    keys,
    path: (callId, mode, credential = () => Promise.resolve(true)) =>
      edge.mint({ tenant: 'clinic', lineId: 'lin_desk', callId, mode, credential }).path,
    join: (path, options) => join(port, path, options),
    refusal: (path, options) => refusal(port, path, options),
    async close() {
      await edge.close(2000);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function authenticate(keys: MediaBench['keys'], header: unknown): Promise<Principal> {
  const whose = keys.get(String(header).replace('Bearer ', ''));
  if (whose === undefined) return Promise.reject(new EarshotError('invalid_api_key'));
  return Promise.resolve({ keyId: 'key_1', subject: 'key_1', test: true, ...whose });
}

function observerOf(observed: MediaBench['observed'], written: string[]): MediaObserver {
  return {
    opened: (name) => written.push(`opened ${JSON.stringify(name)}`),
    closed: (name, outcome) => written.push(`closed ${JSON.stringify(name)} ${outcome}`),
    refused: (code) => observed.refused.push(code),
    gap: (_callId, samples) => {
      observed.gapSamples += samples;
    },
    ignored: (_callId, bytes) => {
      observed.ignoredBytes += bytes;
    },
    malformed: () => {
      observed.malformed += 1;
    },
  };
}

function connect(port: number, path: string, { headers = {}, protocols = [] }: JoinOptions = {}): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${port}${path}`, [...protocols], { headers, perMessageDeflate: true });
}

async function join(port: number, path: string, options?: JoinOptions): Promise<Joined> {
  const socket = connect(port, path, options);
  const binary: Buffer[] = [];
  const texts: string[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) binary.push(data);
    else texts.push(data.toString());
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await once(socket, 'open');
  socket.on('error', () => undefined);
  return {
    socket,
    binary,
    texts,
    closed,
    events: () => texts.map((text) => MediaEvent.parse(JSON.parse(text))),
    bytes: () => Buffer.concat(binary),
  };
}

async function refusal(port: number, path: string, options?: JoinOptions) {
  const socket = connect(port, path, options);
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const body = Buffer.concat(parts).toString();
  const { error } = JSON.parse(body) as { error?: { code?: unknown } };
  return { status: response.statusCode ?? 0, code: error?.code, body };
}

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { STREAM_PROTOCOL, type StreamEvent } from '@earshot/protocol';
import { type WebSocket, WebSocketServer } from 'ws';

export interface ResumableServerOptions {
  /** Time from receiving to durable, ms; 2 when left out. */
  readonly commitMs?: number;
  readonly creditBytes?: number;
  /** Status and headers of a refused upgrade; undefined accepts. */
  readonly refuse?: (upgrade: number) => { status: number; headers?: Record<string, string> } | undefined;
  /** Acks are held back while this is true. */
  readonly holdAcks?: () => boolean;
  /** Status of refused appends; undefined accepts. */
  readonly refuseAppend?: () => number | undefined;
  /** Leaves `from_sample` unheeded in the ready event. */
  readonly ignoreFrom?: boolean;
}

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

const TRACK = 'main';

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
      sockets.handleUpgrade(request, socket, head, (accepted) => stream.join(accepted, request.url ?? ''));
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

/** Positions in bytes. */
class StreamState {
  readonly #options: ResumableServerOptions;
  #kept = Buffer.alloc(0);
  #durable = 0;
  #epoch = 0;
  #live: WebSocket | undefined;
  #commit: NodeJS.Timeout | undefined;
  mostUnsafeBytes = 0;
  isComplete = false;

  constructor(options: ResumableServerOptions) {
    this.#options = options;
  }

  get received(): number {
    return this.#kept.length;
  }

  audio(): Int16Array {
    const out = new Int16Array(this.#kept.length / 2);
    for (let at = 0; at < out.length; at += 1) out[at] = this.#kept.readInt16LE(at * 2);
    return out;
  }

  take(bytes: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, bytes]);
    this.mostUnsafeBytes = Math.max(this.mostUnsafeBytes, this.#kept.length - this.#durable);
    this.#commit ??= setTimeout(() => this.#makeDurable(), this.#options.commitMs ?? 2);
  }

  /** A request feeds the stream now. */
  supersede(): void {
    this.#live?.close(4409, 'superseded');
    this.#live = undefined;
  }

  crash(keepBytes = this.#durable): void {
    clearTimeout(this.#commit);
    this.#commit = undefined;
    this.#live = undefined;
    this.#kept = this.#kept.subarray(0, keepBytes);
    this.#durable = this.#kept.length;
  }

  async join(socket: WebSocket, url: string): Promise<void> {
    this.supersede();
    this.#live = socket;
    this.#epoch += 1;
    let isReady = false;
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer, isBinary) => {
      if (this.#live !== socket) return;
      if (!isReady) socket.close(1002, 'audio before ready');
      else if (isBinary) this.take(data);
      else this.#control(JSON.parse(data.toString()));
    });
    await this.whenDurable();
    if (socket.protocol !== STREAM_PROTOCOL || this.#live !== socket) return;
    if (this.#options.ignoreFrom !== true)
      this.#fillUpTo(Number(new URL(url, 'http://x').searchParams.get('from_sample') ?? 0));
    isReady = true;
    this.tell(this.#ready());
  }

  closeSocket(code: number, retryAfterMs?: number): void {
    const hint = retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs };
    this.tell({ event: 'closing', code, reason: 'planned', ...hint });
    this.#live?.close(code, 'planned');
    this.#live = undefined;
  }

  tell(event: StreamEvent): void {
    this.#live?.send(JSON.stringify(event));
  }

  /** What the client does not have any more is silence, as a noted gap. */
  #fillUpTo(sample: number): void {
    const missing = sample * 2 - this.#kept.length;
    if (missing <= 0) return;
    this.#kept = Buffer.concat([this.#kept, Buffer.alloc(missing)]);
    this.#durable = this.#kept.length;
  }

  #ready(): StreamEvent {
    return {
      event: 'ready',
      session_id: 'ses_x',
      epoch: this.#epoch,
      next_sample: this.received / 2,
      tracks: [],
      limits: { max_message_bytes: 1_048_576, max_stream_bytes: 1_382_400_000 },
      credit_bytes: this.#options.creditBytes ?? 4_194_304,
    };
  }

  #control(frame: { event: string; media?: { payload: string } }): void {
    if (frame.media !== undefined) this.take(Buffer.from(frame.media.payload, 'base64'));
    if (frame.event !== 'stop') return;
    const socket = this.#live;
    void this.whenDurable().then(() => {
      if (this.#live !== socket) return;
      this.#acknowledge();
      this.isComplete = true;
      this.closeSocket(1000);
    });
  }

  #makeDurable(): void {
    this.#commit = undefined;
    this.#durable = this.#kept.length;
    if (this.#options.holdAcks?.() !== true) this.#acknowledge();
  }

  #acknowledge(): void {
    const [received, durable] = [this.received / 2, this.#durable / 2];
    this.tell({ event: 'ack', epoch: this.#epoch, track: TRACK, received, durable, archived: 0 });
  }

  async whenDurable(): Promise<void> {
    while (this.#durable < this.#kept.length) await sleep(1);
  }
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

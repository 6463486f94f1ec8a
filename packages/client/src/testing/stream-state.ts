import { setTimeout as sleep } from 'node:timers/promises';
import { STREAM_PROTOCOL, type StreamEvent } from '@earshot/protocol';
import type { WebSocket } from 'ws';

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

const TRACK = 'main';

interface ClientFrame {
  readonly event: string;
  readonly media?: { readonly payload: string };
}

/** One stream as its server keeps it: what came, what is durable, who feeds it. Positions in bytes. */
export class StreamState {
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
    this.#acknowledge();
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
      else this.#control(JSON.parse(data.toString()) as ClientFrame);
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

  #control(frame: ClientFrame): void {
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
    this.#acknowledge();
  }

  #acknowledge(): void {
    if (this.#options.holdAcks?.() === true) return;
    const [received, durable] = [this.received / 2, this.#durable / 2];
    this.tell({ event: 'ack', epoch: this.#epoch, track: TRACK, received, durable, archived: 0 });
  }

  async whenDurable(): Promise<void> {
    while (this.#durable < this.#kept.length) await sleep(1);
  }
}

import { STREAM_PROTOCOL, StreamEvent } from '@earshot/protocol';
import { pause } from '../../http/requester.ts';
import { audioMessage, MESSAGE_BYTES, type StreamMode, startMessage, stopMessage } from './framing.ts';
import { isFinalCode, type Link, type LinkEnd, LinkFailure, type LinkListener } from './link.ts';
import type { Socket, SocketConstructor, SocketEvent } from './socket.ts';

export interface SocketTarget {
  readonly url: string;
  readonly SocketClass: SocketConstructor;
  /** False for servers that do not know `earshot.v1` and would be refused by the runtime for not choosing it. */
  readonly offer: boolean;
  readonly mode: StreamMode;
  readonly sampleRate: number;
  /** Longest time until the server is ready, ms. */
  readonly connectTimeoutMs: number;
  /** Bytes in the socket above which the next piece waits. */
  readonly highWaterBytes: number;
}

/** How `ws` says that the upgrade was refused. */
const REFUSED = /server response: (\d{3})$/;

type Ready = Extract<StreamEvent, { event: 'ready' }>;

const DRAIN_POLL_MS = 5;
/** A peer that does not answer our close frame is left after this, ms. */
const CLOSE_TIMEOUT_MS = 2000;

/** Opens a WebSocket and waits until its server is ready for audio. Rejects with LinkFailure. */
export function openSocketLink(target: SocketTarget, listener: LinkListener): Promise<Link> {
  return new SocketLink(target, listener).opened;
}

class SocketLink implements Link {
  readonly transport = 'websocket';
  readonly pieceBytes = MESSAGE_BYTES;
  readonly pace = { bytes: 0, ms: 0 };
  readonly opened: Promise<Link>;
  readonly ended: Promise<LinkEnd>;
  readonly #target: SocketTarget;
  readonly #listener: LinkListener;
  readonly #socket: Socket;
  #phase: 'connecting' | 'waiting' | 'open' | 'over' = 'connecting';
  #ready: Ready | undefined;
  #track: string | undefined;
  #problem = '';
  #retryAfterMs: number | undefined;
  #isClosing = false;
  #settleOpened: (link: Link) => void = () => undefined;
  #failOpened: (failure: LinkFailure) => void = () => undefined;
  #settleEnded: (end: LinkEnd) => void = () => undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(target: SocketTarget, listener: LinkListener) {
    this.#target = target;
    this.#listener = listener;
    this.opened = new Promise((resolve, reject) => {
      this.#settleOpened = resolve;
      this.#failOpened = reject;
    });
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
    const { SocketClass, url, offer } = target;
    this.#socket = offer ? new SocketClass(url, [STREAM_PROTOCOL]) : new SocketClass(url);
    this.#socket.binaryType = 'arraybuffer';
    this.#listen();
    this.#timer = setTimeout(
      () => this.abandon(`The server was not ready in ${target.connectTimeoutMs} ms.`),
      target.connectTimeoutMs,
    );
  }

  get acknowledged(): boolean {
    return this.#ready !== undefined;
  }

  get takesMore(): boolean {
    return !this.#isClosing;
  }

  get nextSample(): number | undefined {
    return this.#ready?.next_sample;
  }

  get creditBytes(): number {
    return this.#ready?.credit_bytes ?? Number.POSITIVE_INFINITY;
  }

  async send(piece: Uint8Array): Promise<void> {
    if (this.#isOpen()) this.#socket.send(audioMessage(piece, this.#target.mode));
    while (this.#isOpen() && this.#socket.bufferedAmount > this.#target.highWaterBytes) {
      await pause(DRAIN_POLL_MS);
    }
  }

  stop(reason?: string): void {
    if (this.#isOpen()) this.#socket.send(stopMessage(reason));
  }

  close(): void {
    if (this.#phase === 'over') return;
    this.#socket.close(1000);
    this.#timer ??= setTimeout(
      () => this.#over({ code: 1006, reason: 'The server did not answer the goodbye.' }),
      CLOSE_TIMEOUT_MS,
    );
  }

  abandon(reason: string): void {
    this.#over({ code: 1006, reason });
  }

  #isOpen(): boolean {
    return this.#phase === 'open';
  }

  #listen(): void {
    this.#socket.addEventListener('open', () => {
      if (this.#phase !== 'connecting') return;
      if (this.#socket.protocol === STREAM_PROTOCOL) this.#phase = 'waiting';
      else this.#begin();
    });
    this.#socket.addEventListener('message', ({ data }) => {
      if (this.#phase === 'over') return;
      this.#listener.heard();
      if (typeof data === 'string') this.#hear(data);
    });
    this.#socket.addEventListener('error', ({ message }) => {
      this.#problem ||= message ?? '';
    });
    this.#socket.addEventListener('close', (event) => this.#over(this.#endOf(event)));
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#phase = 'open';
    if (this.#target.mode === 'envelope') this.#socket.send(startMessage(this.#target.sampleRate));
    this.#settleOpened(this);
  }

  /** Events that this version does not know are passed over. */
  #hear(text: string): void {
    const parsed = StreamEvent.safeParse(parseJson(text));
    if (!parsed.success) return;
    const event = parsed.data;
    if (event.event === 'ack') {
      this.#hearAck(event);
      return;
    }
    if (event.event === 'closing') {
      this.#isClosing = true;
      this.#retryAfterMs = event.retry_after_ms;
    }
    if (event.event === 'error') this.#problem = event.error.code;
    if (event.event === 'ready' && this.#phase === 'waiting') {
      this.#ready = event;
      this.#track = event.tracks[0]?.track;
      this.#begin();
    }
    this.#listener.event(event);
  }

  #hearAck(ack: Extract<StreamEvent, { event: 'ack' }>): void {
    this.#track ??= ack.track;
    if (ack.epoch === this.#ready?.epoch && ack.track === this.#track) this.#listener.ack(ack);
  }

  #endOf({ code = 1006, reason = '' }: SocketEvent): LinkEnd {
    const status = REFUSED.exec(this.#problem)?.[1];
    const end = {
      code,
      reason: reason === '' ? this.#problem : reason,
      ...(status === undefined ? {} : { status: Number(status) }),
    };
    return this.#retryAfterMs === undefined ? end : { ...end, retryAfterMs: this.#retryAfterMs };
  }

  #over(end: LinkEnd): void {
    if (this.#phase === 'over') return;
    const wasOpen = this.#phase !== 'connecting';
    const isFinal = wasOpen && isFinalCode(end.code);
    this.#phase = 'over';
    clearTimeout(this.#timer);
    if (this.#socket.terminate === undefined) this.#socket.close();
    else this.#socket.terminate();
    // Whichever is settled already stays as it is.
    this.#failOpened(new LinkFailure(end, { wasOpen, isFinal }));
    this.#settleEnded(end);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import type { ReplyMessage } from '@earshot/dialects';
import type { RawData, WebSocket } from 'ws';
import { type Closing, closingFor } from '../../../media/client/closing.ts';
import { FloodGuard } from '../../../media/client/guard/flood-guard.ts';
import { KeepAlive } from '../../../media/client/guard/keep-alive.ts';
import type { StreamContext } from '../media-streams-deps.ts';

/**
 * How a socket came to its end. `clean`: the platform closed it; `broken`: the connection was lost; `faulty`: the
 * platform broke the protocol; `ours`: we closed it.
 */
export type SocketEnd = 'clean' | 'broken' | 'faulty' | 'ours';

/** What a platform's socket tells. */
export interface StreamSocketEvents {
  /** A message of at least one byte. */
  message(data: Uint8Array, isBinary: boolean): void;
  /** The platform sends more control frames than any reason explains. */
  flooded(): void;
  /** Nothing came for LIMITS.callPeerGoneMs. */
  silent(): void;
  /** It is closed, once and for good. */
  closed(end: SocketEnd): void;
}

/** Close codes of a platform that is done (RFC 6455 section 7.4.1): normal, going away, none given. */
const CLEAN_CODES = new Set([1000, 1001, 1005]);
/** Checks that come this late say that the process was held up itself, and could hear nobody; ms. */
const STALL_MS = 5000;

/** One open WebSocket of a platform with its guards: pings, floods, silence, a close handshake that does not hang. */
export class StreamSocket {
  readonly #context: StreamContext;
  readonly #socket: WebSocket;
  readonly #events: StreamSocketEvents;
  readonly #keepAlive: KeepAlive;
  readonly #flood: FloodGuard;
  #heardAt: number;
  #checkedAt: number;
  #isPaused = false;
  #isFaulty = false;
  #closeBy: number | undefined;

  constructor(context: StreamContext, socket: WebSocket, events: StreamSocketEvents) {
    const now = context.elapsedMs();
    this.#context = context;
    this.#socket = socket;
    this.#events = events;
    this.#keepAlive = new KeepAlive(context.limits.pingIntervalMs, now);
    this.#flood = new FloodGuard(context.limits.maxEmptyFramesPerSecond);
    this.#heardAt = now;
    this.#checkedAt = now;
    this.#listen();
  }

  /** The platform reads more slowly than it is sent to, by more than memory should hold. */
  get isFull(): boolean {
    return this.#socket.bufferedAmount > this.#context.limits.maxSocketBufferedBytes;
  }

  /** A failed send shows itself as the end of the socket. */
  send(message: ReplyMessage): void {
    if (!this.#isOpen) return;
    if (message.binary) this.#socket.send(message.data, { binary: true }, () => undefined);
    else this.#socket.send(message.text, () => undefined);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#deaf(this.#context.elapsedMs());
    this.#socket.resume();
  }

  /** To be called several times a second with the monotonic time, ms. */
  tick(now: number): void {
    const isLate = now - this.#checkedAt > STALL_MS;
    this.#checkedAt = now;
    if (this.#closeBy !== undefined) {
      if (now >= this.#closeBy) this.#socket.terminate();
      return;
    }
    if (this.#isPaused || isLate) this.#deaf(now);
    const pulse = this.#keepAlive.check(now);
    if (pulse === 'gone') this.#socket.terminate();
    else if (now - this.#heardAt >= this.#context.limits.callPeerGoneMs) this.#events.silent();
    else if (pulse === 'ping' && this.#isOpen) this.#socket.ping();
  }

  /** Says goodbye; a platform that does not answer it is cut off. */
  close(closing: Pick<Closing, 'code' | 'reason'>): void {
    if (this.#closeBy !== undefined) return;
    this.#closeBy = this.#context.elapsedMs() + this.#context.limits.closeHandshakeMs;
    this.#socket.resume();
    this.#socket.close(closing.code, closing.reason);
  }

  /** Ends the connection without a goodbye. */
  cut(): void {
    this.#closeBy ??= this.#context.elapsedMs();
    this.#socket.terminate();
  }

  get #isOpen(): boolean {
    return this.#closeBy === undefined && this.#socket.readyState === this.#socket.OPEN;
  }

  #deaf(now: number): void {
    this.#heardAt = now;
    this.#keepAlive.deaf(now);
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('message', (data, isBinary) => {
      this.#keepAlive.heard();
      this.#heardAt = this.#context.elapsedMs();
      const bytes = bytesOf(data);
      if (bytes.length === 0) this.#isFlood();
      else if (this.#closeBy === undefined) this.#events.message(bytes, isBinary);
    });
    socket.on('ping', (data) => {
      this.#keepAlive.heard();
      if (!this.#isFlood() && this.#isOpen) socket.pong(data, false, () => undefined);
    });
    socket.on('pong', () => {
      this.#keepAlive.heard();
      this.#isFlood();
    });
    socket.on('error', (error: Error & { code?: unknown }) => {
      // The library has answered a broken protocol with the right close frame already.
      this.#isFaulty ||= typeof error.code === 'string' && error.code.startsWith('WS_ERR_');
      this.#keepAlive.deaf(this.#context.elapsedMs());
    });
    socket.on('close', (code) => this.#events.closed(this.#endOf(code)));
  }

  #endOf(code: number): SocketEnd {
    if (this.#closeBy !== undefined) return 'ours';
    if (this.#isFaulty) return 'faulty';
    return CLEAN_CODES.has(code) ? 'clean' : 'broken';
  }

  /** Empty messages and control frames cost us more than their sender. */
  #isFlood(): boolean {
    if (!this.#flood.exceeds(this.#context.elapsedMs())) return false;
    this.#events.flooded();
    return true;
  }
}

/** The goodbye to a platform whose call is over. */
export const CALL_OVER = { code: 1000, reason: '' };
export const FLOOD = closingFor('invalid_request', 'Too many empty messages or control frames.');

function bytesOf(data: RawData): Uint8Array {
  const buffer = Array.isArray(data) ? Buffer.concat(data) : data;
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer)
    : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

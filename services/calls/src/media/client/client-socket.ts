import type { MediaEvent } from '@earshot/protocol';
import type { RawData, WebSocket } from 'ws';
import type { MediaContext } from '../media-deps.ts';
import { CLIENT_LEFT, CLIENT_LOST, type Closing, closingFor } from './closing.ts';
import { FloodGuard } from './guard/flood-guard.ts';
import { KeepAlive } from './guard/keep-alive.ts';
import type { OutgoingAudio } from './outgoing-audio.ts';
import type { Reading } from './talk/talk-line.ts';

/** What a client socket tells. */
export interface SocketEvents {
  /** A message of at least one byte. */
  message(data: Uint8Array, isBinary: boolean): void;
  /** The socket should be closed: the client breaks a rule, or does not read. */
  refused(closing: Closing): void;
  /** It is closed, once and for good; by our closing, or by what the client did. */
  closed(closing: Closing): void;
}

/** One open WebSocket with its guards: pings, floods, slow readers, a close handshake that does not hang. */
export class ClientSocket implements Reading {
  readonly #context: MediaContext;
  readonly #socket: WebSocket;
  readonly #events: SocketEvents;
  readonly #keepAlive: KeepAlive;
  readonly #flood: FloodGuard;
  #isPaused = false;
  #closing: Closing | undefined;
  #hasEnded = false;
  #closeBy = Number.POSITIVE_INFINITY;

  constructor(context: MediaContext, socket: WebSocket, events: SocketEvents) {
    this.#context = context;
    this.#socket = socket;
    this.#events = events;
    this.#keepAlive = new KeepAlive(context.limits.pingIntervalMs, context.elapsedMs());
    this.#flood = new FloodGuard(context.limits.maxEmptyFramesPerSecond);
    this.#listen();
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#keepAlive.deaf(this.#context.elapsedMs());
    this.#socket.resume();
  }

  say(event: MediaEvent): void {
    if (!this.#isOpen) return;
    if (this.#socket.bufferedAmount > this.#context.limits.maxSocketBufferedBytes) {
      this.#events.refused(closingFor('invalid_request', 'The client does not read what it is sent.'));
      return;
    }
    // A failed send shows itself as the end of the socket.
    this.#socket.send(JSON.stringify(event), () => undefined);
  }

  /** Sends what audio is ready; tells how many samples are missing behind it. */
  sendAudio(audio: OutgoingAudio, options: { readonly flush?: boolean } = {}): number {
    return this.#isOpen ? audio.pump(this.#socket, options) : 0;
  }

  /** To be called several times a second with the monotonic time, ms. */
  tick(now: number): void {
    if (this.#closing !== undefined) {
      if (now >= this.#closeBy) this.#socket.terminate();
      return;
    }
    if (!this.#isOpen) {
      // A close frame has come; its sender may keep the connection open for long.
      this.#end(CLIENT_LEFT);
      return;
    }
    if (this.#isPaused) this.#keepAlive.deaf(now);
    const pulse = this.#keepAlive.check(now);
    if (pulse === 'gone') this.cut();
    else if (pulse === 'ping') this.#socket.ping();
  }

  /** Says goodbye; a client that does not answer it is cut off. */
  close(closing: Closing): void {
    if (this.#closing !== undefined) return;
    this.#closing = closing;
    this.#closeBy = this.#context.elapsedMs() + this.#context.limits.closeHandshakeMs;
    this.#socket.resume();
    this.#socket.close(closing.code, closing.reason);
  }

  /** Ends the connection without a goodbye. */
  cut(): void {
    this.#closing ??= CLIENT_LOST;
    this.#socket.terminate();
  }

  get #isOpen(): boolean {
    return this.#closing === undefined && this.#socket.readyState === this.#socket.OPEN;
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('message', (data, isBinary) => {
      this.#keepAlive.heard();
      const bytes = bytesOf(data);
      if (bytes.length === 0) this.#isFlood();
      else if (this.#closing === undefined) this.#events.message(bytes, isBinary);
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
      const isBroken = typeof error.code === 'string' && error.code.startsWith('WS_ERR_');
      if (isBroken) this.#events.refused(closingFor('protocol_violation'));
      else this.#closing ??= CLIENT_LOST;
    });
    socket.on('close', (code) => this.#end(code === 1006 ? CLIENT_LOST : CLIENT_LEFT));
  }

  #end(closing: Closing): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#events.closed(this.#closing ?? closing);
  }

  /** Empty messages and control frames cost us more than their sender. */
  #isFlood(): boolean {
    if (!this.#flood.exceeds(this.#context.elapsedMs())) return false;
    this.#events.refused(closingFor('invalid_request', 'Too many empty messages or control frames.'));
    return true;
  }
}

function bytesOf(data: RawData): Uint8Array {
  const buffer = Array.isArray(data) ? Buffer.concat(data) : data;
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer)
    : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

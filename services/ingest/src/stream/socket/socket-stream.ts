import type { Connection, ConnectionListener, HaltReason } from '@earshot/intake';
import { EarshotError, type ProcessingIssue, type SegmentEntry } from '@earshot/protocol';
import type { WebSocket } from 'ws';
import type { EdgeContext } from '../edge-context.ts';
import { Drain } from '../live/drain.ts';
import { withinMs } from '../live/within.ts';
import type { ClientEvents } from './acknowledged/client-events.ts';
import {
  CLIENT_CLOSED,
  type Closing,
  closingFor,
  closingForBrokenSocket,
  closingForError,
  closingForHalt,
  STOPPED,
} from './closing.ts';
import { FloodGuard } from './flood-guard.ts';
import type { FrameFeed } from './frame-feed.ts';
import { KeepAlive } from './keep-alive.ts';
import type { MessageSink, PacedReader, ReadMessage } from './reading/paced-reader.ts';
import { ReadPause } from './reading/read-pause.ts';

/**
 * `open`: audio is taken. `draining`: the client was told to stop, and what it sent before it heard that is
 * still taken. `finishing`: what came becomes durable. `closed`: nothing is left to do.
 */
type Phase = 'open' | 'draining' | 'finishing' | 'closed';

/** A socket with what reads it and what speaks through it. */
export interface SocketParts {
  readonly socket: WebSocket;
  /** Begins to read the socket. */
  readonly read: (sink: MessageSink) => PacedReader;
  readonly feed: FrameFeed;
  readonly events: ClientEvents;
}

/** One WebSocket that feeds a session. */
export class SocketStream implements ConnectionListener, MessageSink {
  readonly #context: EdgeContext;
  readonly #connection: Connection;
  readonly #socket: WebSocket;
  readonly #reader: PacedReader;
  readonly #feed: FrameFeed;
  readonly #events: ClientEvents;
  readonly #keepAlive: KeepAlive;
  readonly #emptyFrames: FloodGuard;
  readonly #reading: ReadPause;
  #phase: Phase = 'open';
  /** A message came, and bytes of messages, since the reader rested. */
  #heard = false;
  #receivedBytes = 0;
  /** What the record says when the socket closes now. */
  #goodbye: Closing = CLIENT_CLOSED;
  #drain: Drain | undefined;

  constructor(context: EdgeContext, connection: Connection, { socket, read, feed, events }: SocketParts) {
    this.#context = context;
    this.#connection = connection;
    this.#socket = socket;
    this.#feed = feed;
    this.#events = events;
    this.#keepAlive = new KeepAlive(context.limits, context.time.elapsedMs());
    this.#emptyFrames = new FloodGuard(context.limits.maxEmptyFramesPerSecond);
    this.#reading = new ReadPause(socket, () => this.#keepAlive.paused(context.time.elapsedMs()));
    this.#reader = read(this);
    this.#listen();
    connection.begin(this);
    events.open().catch(() => this.#finish(closingForHalt('failed')));
  }

  halt(reason: HaltReason, flushMs: number): void {
    const closing = closingForHalt(reason);
    if (closing.atOnce !== true) {
      if (this.#phase === 'open') this.#sayGoodbye(closing, flushMs);
      return;
    }
    this.#finish(closing);
    // What a stop may be waiting for will not come.
    if (reason !== 'superseded') this.#close(closing);
  }

  progress(): void {
    this.#events.moved();
    this.#refuseSlowReader();
  }

  segment(entry: SegmentEntry): void {
    this.#events.segment(entry);
    this.#refuseSlowReader();
  }

  warning(issue: ProcessingIssue): void {
    this.#events.warning(issue);
    this.#refuseSlowReader();
  }

  tick(elapsedMs: number): void {
    if (this.#phase !== 'open') return;
    if (this.#socket.readyState !== this.#socket.OPEN) {
      // A close frame has come; its sender may keep the TCP connection open for long.
      this.#finish(CLIENT_CLOSED);
      return;
    }
    this.#refuseSlowReader();
    if (this.#reading.active) {
      this.#keepAlive.paused(elapsedMs);
      return;
    }
    const pulse = this.#keepAlive.check(elapsedMs);
    if (pulse === 'ping') this.#socket.ping();
    else if (pulse === 'gone') this.#socket.terminate();
    else if (pulse === 'idle') this.#finish(closingFor('stream_idle', 'server'));
  }

  /** A client that does not read, be it only the answers to its pings, would fill our memory. */
  #refuseSlowReader(): void {
    const isFull = this.#socket.bufferedAmount > this.#context.limits.maxSocketBufferedBytes;
    if (!isFull && !this.#events.isStuck) return;
    this.#finish(closingFor('invalid_request', 'error', 'The client does not read what it is sent.'));
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('ping', (data) => {
      if (!this.#isFlood()) socket.pong(data);
    });
    socket.on('pong', () => {
      this.#keepAlive.pong();
      this.#isFlood();
    });
    socket.on('error', (error: Error & { code?: unknown }) => {
      const broken = typeof error.code === 'string' && error.code.startsWith('WS_ERR_');
      this.#finish(broken ? closingForBrokenSocket(String(error.code)) : CLIENT_CLOSED);
    });
    socket.on('close', () => this.#finish(this.#goodbye));
  }

  message(message: ReadMessage): void {
    if (this.#phase !== 'open' && this.#phase !== 'draining') return;
    this.#heard = true;
    if (message.data.length === 0) {
      this.#isFlood();
      return;
    }
    this.#receivedBytes += message.data.length;
    try {
      if (this.#feed.push(message)) this.#finish(STOPPED);
    } catch (error) {
      this.#finish(closingForError(error));
    }
  }

  rested(): void {
    if (!this.#heard) return;
    this.#heard = false;
    this.#context.metrics.bytesReceived('websocket', this.#receivedBytes);
    this.#receivedBytes = 0;
    if (this.#phase !== 'open' && this.#phase !== 'draining') return;
    this.#keepAlive.message(this.#context.time.elapsedMs());
    this.#drain?.touch();
    try {
      this.#feed.flush();
      this.#reading.hold('room', this.#connection.room());
      this.#reading.hold('credit', this.#events.credit());
    } catch (error) {
      this.#finish(closingForError(error));
    }
  }

  /** Empty messages and control frames cost us more than their sender. */
  #isFlood(): boolean {
    if (!this.#emptyFrames.exceeds(this.#context.time.elapsedMs())) return false;
    const message = 'Too many empty messages or control frames.';
    this.#finish(closingForError(new EarshotError('invalid_request', { message })));
    return true;
  }

  /** Says goodbye first: all that the client sent before it heard that arrives before its own close frame. */
  #sayGoodbye(closing: Closing, flushMs: number): void {
    this.#phase = 'draining';
    this.#goodbye = closing;
    this.#reader.release();
    if (this.#events.announcesClosing) this.#events.closing(closing);
    else this.#socket.close(closing.code, closing.reason);
    const quietMs = Math.min(this.#context.limits.streamDrainMs, flushMs / 2);
    this.#drain = new Drain(
      quietMs,
      () => this.#reading.active,
      () => this.#finish(closing),
    );
  }

  #finish(closing: Closing): void {
    if (this.#phase !== 'open' && this.#phase !== 'draining') return;
    this.#phase = 'finishing';
    this.#reader.release();
    this.#drain?.stop();
    void this.#settle(closing);
  }

  async #settle(closing: Closing): Promise<void> {
    const connection = this.#connection;
    const fields = { session: connection.ref.sessionId, epoch: connection.epoch };
    let durable = false;
    try {
      const closedBy = this.#release() && closing.closedBy === 'client' ? 'stop' : closing.closedBy;
      if (closing.issue !== undefined) connection.warn(closing.issue);
      const { format, stats } = this.#feed;
      const ending = connection.finish({ closedBy, format, stats });
      if (closing.atOnce === true) this.#close(closing);
      const outcome = await withinMs(ending, this.#context.limits.streamFlushMs);
      durable = outcome.durable;
      const counts = { segments: outcome.segments, gaps: outcome.gaps.length };
      this.#context.log.info({ ...fields, closedBy, durable, ...counts }, 'stream connection closed');
    } catch (error) {
      this.#context.log.error({ ...fields, err: error }, 'a stream connection could not be finished');
    }
    this.#events.settle();
    this.#close(durable ? closing : closingFor('service_unavailable', 'error'));
  }

  /** Takes what the decoder holds back; after an error that may be refused too, and changes nothing any more. */
  #release(): boolean {
    try {
      return this.#feed.release();
    } catch (error) {
      const session = this.#connection.ref.sessionId;
      this.#context.log.warn({ session, err: error }, 'held-back frames were lost');
      return false;
    }
  }

  #close(closing: Closing): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#events.closing(closing);
    this.#events.end();
    const socket = this.#socket;
    if (socket.readyState === socket.CLOSED) return;
    const timer = setTimeout(() => socket.terminate(), this.#context.limits.closeHandshakeMs);
    socket.once('close', () => clearTimeout(timer));
    socket.resume();
    socket.close(closing.code, closing.reason);
  }
}

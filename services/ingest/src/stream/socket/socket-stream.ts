import { EarshotError } from '@earshot/protocol';
import type { RawData, WebSocket } from 'ws';
import { Drain } from '../live/drain.ts';
import type { HaltReason, LiveStream } from '../live/live-streams.ts';
import type { OpenedIntake, StreamContext } from '../live/opening.ts';
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

/**
 * `open`: audio is taken. `draining`: our close frame is out, and what the client sent before it read that is
 * still taken. `finishing`: the tail is being stored. `closed`: nothing is left to do.
 */
type Phase = 'open' | 'draining' | 'finishing' | 'closed';

/** One WebSocket that feeds a session. It never sends the client a message. */
export class SocketStream implements LiveStream {
  readonly epoch: number;
  readonly #context: StreamContext;
  readonly #open: OpenedIntake;
  readonly #feed: FrameFeed;
  readonly #socket: WebSocket;
  readonly #keepAlive: KeepAlive;
  readonly #emptyFrames: FloodGuard;
  #phase: Phase = 'open';
  /** What the record says when the socket closes now. */
  #goodbye: Closing = CLIENT_CLOSED;
  /** How long the tail is offered to storage, ms. */
  #flushMs: number;
  #waitingForRoom = false;
  #drain: Drain | undefined;

  constructor(context: StreamContext, open: OpenedIntake, io: { socket: WebSocket; feed: FrameFeed }) {
    this.#context = context;
    this.#open = open;
    this.#socket = io.socket;
    this.#feed = io.feed;
    this.epoch = open.opened.epoch;
    this.#flushMs = context.limits.streamFlushMs;
    this.#keepAlive = new KeepAlive(context.limits, context.clock.elapsedMs());
    this.#emptyFrames = new FloodGuard(context.limits.maxEmptyFramesPerSecond);
    this.#listen();
    open.admission.begin(this);
  }

  halt(reason: HaltReason, flushMs: number): void {
    this.#flushMs = Math.min(this.#flushMs, flushMs);
    if (reason === 'erased') this.#discard();
    else if (this.#phase === 'finishing') this.#open.intake.hasten(flushMs);
    else if (this.#phase !== 'open') return;
    else if (reason === 'superseded') this.#finish(closingForHalt(reason));
    else this.#sayGoodbye(closingForHalt(reason));
  }

  tick(elapsedMs: number): void {
    if (this.#phase !== 'open') return;
    if (this.#socket.readyState !== this.#socket.OPEN) {
      // A close frame has come; its sender may keep the TCP connection open for long.
      this.#finish(CLIENT_CLOSED);
      return;
    }
    if (this.#socket.bufferedAmount > this.#context.limits.maxSocketBufferedBytes) this.#socket.terminate();
    if (this.#waitingForRoom) {
      this.#keepAlive.paused(elapsedMs);
      return;
    }
    const pulse = this.#keepAlive.check(elapsedMs);
    if (pulse === 'ping') this.#socket.ping();
    else if (pulse === 'gone') this.#socket.terminate();
    else if (pulse === 'idle') this.#finish(closingFor('stream_idle', 'server'));
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('message', (data, binary) => this.#receive(toBytes(data), binary));
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

  #receive(data: Uint8Array, binary: boolean): void {
    if (this.#phase !== 'open' && this.#phase !== 'draining') return;
    this.#keepAlive.message(this.#context.clock.elapsedMs());
    this.#drain?.touch();
    if (data.length === 0) {
      this.#isFlood();
      return;
    }
    this.#context.metrics.bytesReceived('websocket', data.length);
    try {
      const { stopped, room } = this.#feed.push({ binary, data });
      if (room !== undefined) void this.#pauseUntil(room);
      if (stopped) this.#finish(STOPPED);
    } catch (error) {
      this.#finish(closingForError(error));
    }
  }

  /** Empty messages and control frames cost us more than their sender. */
  #isFlood(): boolean {
    if (!this.#emptyFrames.exceeds(this.#context.clock.elapsedMs())) return false;
    const message = 'Too many empty messages or control frames.';
    this.#finish(closingForError(new EarshotError('invalid_request', { message })));
    return true;
  }

  /** Stops reading until storage has caught up; TCP slows the sender down. */
  async #pauseUntil(room: Promise<void>): Promise<void> {
    if (this.#waitingForRoom) return;
    this.#waitingForRoom = true;
    this.#socket.pause();
    await room;
    this.#waitingForRoom = false;
    this.#keepAlive.paused(this.#context.clock.elapsedMs());
    this.#socket.resume();
  }

  /** Says goodbye first: all that the client sent before it read that arrives before its own close frame. */
  #sayGoodbye(closing: Closing): void {
    this.#phase = 'draining';
    this.#socket.close(closing.code, closing.reason);
    this.#goodbye = closing;
    const { streamDrainMs } = this.#context.limits;
    const isHeld = (): boolean => this.#waitingForRoom;
    this.#drain = new Drain(streamDrainMs, isHeld, () => this.#finish(closing));
  }

  #finish(closing: Closing): void {
    if (this.#phase !== 'open' && this.#phase !== 'draining') return;
    this.#phase = 'finishing';
    this.#drain?.stop();
    void this.#store(closing);
  }

  async #store(closing: Closing): Promise<void> {
    const { intake, opened, admission } = this.#open;
    const session = opened.ref.sessionId;
    let safe = false;
    try {
      const closedBy = this.#release() && closing.closedBy === 'client' ? 'stop' : closing.closedBy;
      if (closing.issue !== undefined) intake.warn(closing.issue);
      const { format, stats } = this.#feed;
      const outcome = await intake.finish({ closedBy, format, stats, flushMs: this.#flushMs });
      safe = outcome.safe;
      const { segments, gaps } = outcome.record;
      const counts = { segments: segments.length, gaps: gaps.length };
      this.#context.log.info({ session, epoch: this.epoch, closedBy, safe, ...counts }, 'stream closed');
    } catch (error) {
      this.#context.log.error({ session, epoch: this.epoch, err: error }, 'a stream could not be finished');
    }
    if (this.#phase === 'finishing') this.#close(safe ? closing : closingFor('service_unavailable', 'error'));
    admission.leave();
  }

  /** Takes what the decoder holds back; after an error that may be refused too, and changes nothing any more. */
  #release(): boolean {
    try {
      return this.#feed.release();
    } catch (error) {
      this.#context.log.warn(
        { session: this.#open.opened.ref.sessionId, err: error },
        'held-back frames were lost',
      );
      return false;
    }
  }

  #close({ code, reason }: Closing): void {
    this.#phase = 'closed';
    const socket = this.#socket;
    if (socket.readyState === socket.CLOSED) return;
    const timer = setTimeout(() => socket.terminate(), this.#context.limits.closeHandshakeMs);
    socket.once('close', () => clearTimeout(timer));
    socket.resume();
    socket.close(code, reason);
  }

  #discard(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#drain?.stop();
    this.#socket.terminate();
    const { intake, opened, admission } = this.#open;
    intake
      .discard()
      .catch((error: unknown) => {
        this.#context.log.error(
          { session: opened.ref.sessionId, err: error },
          'late audio of an erased session stayed',
        );
      })
      .finally(() => admission.leave());
  }
}

function toBytes(data: RawData): Uint8Array {
  const buffer = Array.isArray(data) ? Buffer.concat(data) : data;
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer)
    : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

import {
  createStreamDecoder,
  createStreamReply,
  type DialectEvent,
  type FormatEvent,
  type StreamDecoder,
  type StreamReply,
} from '@earshot/dialects';
import { type CallEndReason, EarshotError, type LineRecord } from '@earshot/protocol';
import type { WebSocket } from 'ws';
import { closingFor } from '../../../media/client/closing.ts';
import type { StreamContext } from '../media-streams-deps.ts';
import { CALL_OVER, FLOOD, type SocketEnd, StreamSocket } from '../socket/stream-socket.ts';
import type { StreamSettings } from '../stream-settings.ts';
import { CallFeed } from './call-feed.ts';
import { findCall } from './call-finder.ts';
import { ReplyLink } from './reply-link.ts';
import type { CallMedia, StandingCall, StandingCalls } from './standing-calls.ts';

/** `opening`: its format is not known yet; `joining`: its call is being made; `live`; `over`. */
type Phase = 'opening' | 'joining' | 'live' | 'over';

export interface StreamParts {
  readonly webSocket: WebSocket;
  readonly line: LineRecord;
  readonly settings: StreamSettings;
  readonly calls: StandingCalls;
  /** The socket is closed for good. */
  readonly gone: (stream: MediaStream) => void;
}

/** One platform socket and the call that it brings. */
export class MediaStream implements CallMedia {
  readonly #context: StreamContext;
  readonly #parts: StreamParts;
  readonly #socket: StreamSocket;
  readonly #decoder: StreamDecoder;
  readonly #openBy: number;
  /** Events that wait until the call is there; the socket is not read meanwhile. */
  #backlog: DialectEvent[] = [];
  #phase: Phase = 'opening';
  #feed: CallFeed | undefined;
  /** Why the call ended, if that was decided here. */
  #reason: CallEndReason | undefined;

  constructor(context: StreamContext, parts: StreamParts) {
    this.#context = context;
    this.#parts = parts;
    const { wavixFormat, byteOrder } = parts.settings;
    const wavix = wavixFormat === undefined ? {} : { wavixFormat };
    this.#decoder = createStreamDecoder({ live: true, byteOrder, ...wavix });
    this.#openBy = context.elapsedMs() + context.limits.callOpeningMs;
    this.#socket = new StreamSocket(context, parts.webSocket, {
      message: (data, binary) => this.#receive({ data, binary }),
      flooded: () => this.#end('failed', FLOOD),
      silent: () => this.#end('peer_gone', closingFor('stream_idle')),
      closed: (end) => this.#closed(end),
    });
  }

  get carrier(): string {
    return this.#parts.line.carrier;
  }

  /** To be called several times a second with the monotonic time, ms. */
  tick(now: number): void {
    this.#socket.tick(now);
    if (this.#phase !== 'opening' || now < this.#openBy) return;
    this.#end('failed', closingFor('protocol_violation', 'The stream did not say what it is.'));
  }

  hangup(): void {
    if (this.#phase === 'over') return;
    this.#reason = 'hangup';
    this.#feed?.link.sayGoodbye();
    this.#leave();
    this.#socket.close(CALL_OVER);
  }

  superseded(): void {
    this.#leave({ mayReturn: true });
    this.#socket.close(closingFor('stream_superseded', 'A newer stream carries this call.'));
  }

  shutDown(): void {
    this.#end('shutdown', closingFor('shutting_down'));
  }

  cut(): void {
    this.#socket.cut();
  }

  #receive(message: { data: Uint8Array; binary: boolean }): void {
    if (this.#phase === 'over') return;
    try {
      this.#backlog.push(...this.#decoder.push(message));
      this.#proceed();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Takes what waits, as far as it may be taken now. */
  #proceed(): void {
    if (this.#phase === 'opening') this.#open();
    while (this.#phase === 'live' && this.#backlog.length > 0) {
      const events = this.#backlog;
      this.#backlog = [];
      for (const event of events) {
        if (this.#hasEnded()) break;
        if (this.#feed?.take(event) === true) this.#end('peer_hangup', CALL_OVER);
      }
    }
  }

  #open(): void {
    const at = this.#backlog.findIndex((event) => event.type === 'format');
    const format = this.#backlog[at];
    if (format?.type === 'format') {
      this.#backlog.splice(at, 1);
      const reply = this.#replyTo(format);
      this.#phase = 'joining';
      this.#socket.pause();
      this.#join(format, reply).catch((error: unknown) => this.#fail(error));
    } else if (this.#backlog.some((event) => event.type === 'stop')) this.#end('peer_hangup', CALL_OVER);
  }

  async #join(format: FormatEvent, reply: StreamReply | null): Promise<void> {
    const { line, calls } = this.#parts;
    const call = await findCall({ context: this.#context, calls, line }, format);
    if (this.#hasEnded()) {
      // The platform hung up while its call was being made.
      if (call.isNew && !call.isOver) this.#tellEnded(call, this.#reason ?? 'peer_hangup');
      return;
    }
    if (call.isOver) {
      this.hangup();
      return;
    }
    const link = new ReplyLink({
      socket: this.#socket,
      reply,
      hangup: () => this.hangup(),
      slow: () => call.handle.warning('peer_slow', 'The platform reads too slowly; audio to it is dropped.'),
    });
    this.#feed = new CallFeed({ call, link, format, replyTo: (changed) => this.#replyTo(changed) });
    this.#phase = 'live';
    call.carry(this);
    if (format.callId !== null) call.handle.named(format.callId);
    call.handle.connected(link);
    if (reply === null && !this.#parts.settings.listenOnly) {
      call.handle.warning('listen_only', 'The stream has no way back; the peer hears nothing.');
    }
    this.#context.log.info(
      { call: call.handle.callId, dialect: format.dialect },
      'a media stream carries a call',
    );
    this.#proceed();
    this.#socket.resume();
  }

  #replyTo(format: FormatEvent): StreamReply | null {
    const { listenOnly, reply = {} } = this.#parts.settings;
    const { encoding, sampleRate } = reply;
    if (listenOnly) return null;
    return createStreamReply(format, {
      ...(encoding === undefined ? {} : { encoding }),
      ...(sampleRate === undefined ? {} : { sampleRate }),
    });
  }

  #fail(error: unknown): void {
    if (!(error instanceof EarshotError)) this.#context.log.error({ err: error }, 'a media stream failed');
    const { code, message } = error instanceof EarshotError ? error : new EarshotError('internal_error');
    if (this.#phase === 'live') this.#feed?.call.handle.warning(code, message);
    this.#end('failed', closingFor(code, message));
  }

  /** Ends the call for this reason and closes the socket. */
  #end(reason: CallEndReason, closing: { readonly code: number; readonly reason: string }): void {
    if (!this.#hasEnded()) {
      this.#reason = reason;
      const call = this.#leave();
      if (call !== undefined) this.#tellEnded(call, reason);
    }
    this.#socket.close(closing);
  }

  #closed(end: SocketEnd): void {
    if (!this.#hasEnded()) this.#lose(end);
    else if (this.#reason === 'hangup') this.#feed?.call.handle.ended('hangup');
    this.#parts.gone(this);
  }

  /** The platform is gone, and we had not said goodbye. */
  #lose(end: SocketEnd): void {
    if (this.#phase === 'live') this.#release();
    // What was held back may have told that the call is over.
    if (this.#hasEnded()) return;
    const callId = this.#feed?.externalCallId ?? null;
    const call = this.#leave({ mayReturn: end === 'broken' && callId !== null });
    if (call === undefined) return;
    if (end === 'broken' && callId !== null) call.unlink(this.#context.elapsedMs());
    else this.#tellEnded(call, END_REASONS[end]);
  }

  #release(): void {
    try {
      this.#backlog.push(...this.#decoder.end());
      this.#proceed();
    } catch (error) {
      this.#context.log.warn({ err: error }, 'held-back frames of a media stream were lost');
    }
  }

  /** Lets go of the call; gives it unless another stream carries it. Its last samples are told first. */
  #leave({ mayReturn = false } = {}): StandingCall | undefined {
    if (this.#phase === 'over') return undefined;
    this.#phase = 'over';
    this.#backlog = [];
    const feed = this.#feed;
    if (feed === undefined) return undefined;
    feed.end();
    const { droppedSamples } = feed.link;
    this.#context.log.info({ call: feed.call.handle.callId, droppedSamples }, 'a media stream ended');
    if (!mayReturn) feed.call.retire();
    return feed.call;
  }

  #tellEnded(call: StandingCall, reason: CallEndReason): void {
    call.retire();
    call.handle.ended(reason);
  }

  #hasEnded(): boolean {
    return this.#phase === 'over';
  }
}

const END_REASONS: Readonly<Record<SocketEnd, CallEndReason>> = {
  clean: 'peer_hangup',
  broken: 'peer_gone',
  faulty: 'failed',
  ours: 'peer_gone',
};

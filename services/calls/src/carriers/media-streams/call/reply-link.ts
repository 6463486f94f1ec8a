import { createResampler, type Resampler } from '@earshot/audio';
import type { StreamReply } from '@earshot/dialects';
import { LIMITS } from '@earshot/protocol';
import type { PeerLink } from '../../../ports.ts';
import type { StreamSocket } from '../socket/stream-socket.ts';

interface LinkParts {
  readonly socket: Pick<StreamSocket, 'send' | 'isFull'>;
  /** Null for a stream that only brings audio. */
  readonly reply: StreamReply | null;
  readonly hangup: () => void;
  /** Audio was dropped for the first time because the platform reads too slowly. */
  readonly slow: () => void;
}

/** The way to the peer of one stream: audio in the platform's own rate, codec and packets. */
export class ReplyLink implements PeerLink {
  readonly #parts: LinkParts;
  #reply: StreamReply | null;
  #resampler: Resampler | null;
  #dropped = 0;

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#reply = parts.reply;
    this.#resampler = resamplerFor(parts.reply);
  }

  /** Samples, at the rate of calls, that a slow platform did not get. */
  get droppedSamples(): number {
    return this.#dropped;
  }

  /** The stream turned out to be of another format. */
  retune(reply: StreamReply | null): void {
    this.#reply = reply;
    this.#resampler = resamplerFor(reply);
  }

  send(samples: Int16Array): void {
    if (this.#reply === null || this.#resampler === null) return;
    if (this.#parts.socket.isFull) {
      if (this.#dropped === 0) this.#parts.slow();
      this.#dropped += samples.length;
      return;
    }
    for (const message of this.#reply.media(this.#resampler.push(samples))) this.#parts.socket.send(message);
  }

  clear(): void {
    if (this.#reply === null) return;
    this.#resampler = resamplerFor(this.#reply);
    const messages = this.#reply.clear();
    // Behind that much audio it would come too late anyway.
    if (!this.#parts.socket.isFull) for (const message of messages) this.#parts.socket.send(message);
  }

  hangup(): void {
    this.#parts.hangup();
  }

  /** Tells the platform that the call is over, where that takes more than closing the socket. */
  sayGoodbye(): void {
    const goodbye = this.#reply?.hangup() ?? null;
    if (goodbye !== null) this.#parts.socket.send(goodbye);
  }
}

function resamplerFor(reply: StreamReply | null): Resampler | null {
  return reply === null ? null : createResampler(LIMITS.callSampleRate, reply.sampleRate);
}

import { createListenerQueue, type ListenerQueue } from '@earshot/calls';
import { LIMITS } from '@earshot/protocol';
import type { WebSocket } from 'ws';
import type { MediaFormat } from './media-format.ts';

/** Audio that may wait in a socket before the rest waits in the queue, where it can still be dropped; ms. */
const SOCKET_BACKLOG_MS = 250;

/** The part of a socket that audio goes out by. */
export type AudioSocket = Pick<WebSocket, 'send' | 'bufferedAmount'>;

/** Sends a client the call's audio as it comes, and drops what a slow client leaves lying. */
export class OutgoingAudio {
  readonly #format: MediaFormat;
  readonly #queue: ListenerQueue;
  readonly #maxBacklogBytes: number;

  constructor(format: MediaFormat) {
    this.#format = format;
    this.#queue = createListenerQueue({ frameSamples: format.frameSamples });
    this.#maxBacklogBytes = (SOCKET_BACKLOG_MS * LIMITS.callSampleRate * format.bytesPerSample) / 1000;
  }

  push(samples: Int16Array): void {
    this.#queue.push(samples);
  }

  /**
   * Sends the frames that are ready, unless the client has enough on its way; with `flush` a short last one too. Tells
   * how many samples are missing behind what was sent.
   */
  pump(socket: AudioSocket, options: { readonly flush?: boolean } = {}): number {
    if (socket.bufferedAmount > this.#maxBacklogBytes) return 0;
    for (const frame of this.#queue.take(options)) {
      // A failed send shows itself as the end of the socket.
      socket.send(this.#format.encode(frame), { binary: true }, ignoreFailure);
    }
    return this.#queue.takeGap();
  }

  /** Gives up on what waits; tells how many samples the client never got. */
  abandon(): number {
    const waiting = this.#queue.take({ flush: true });
    return this.#queue.takeGap() + waiting.reduce((sum, { length }) => sum + length, 0);
  }
}

const ignoreFailure = (): void => undefined;

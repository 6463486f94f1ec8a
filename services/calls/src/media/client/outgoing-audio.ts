import { createListenerQueue, type ListenerQueue } from '@earshot/calls';
import { LIMITS } from '@earshot/protocol';
import type { WebSocket } from 'ws';
import type { MediaFormat } from './media-format.ts';

/** Audio that may wait in a socket before the rest waits in the queue, where it can still be dropped; ms. */
const SOCKET_BACKLOG_MS = 250;
const BINARY = { binary: true } as const;

/** The part of a socket that audio goes out by. */
export type AudioSocket = Pick<WebSocket, 'send' | 'bufferedAmount'>;

/** Sends a client the call's audio as it comes, and drops what a slow client leaves lying. */
export class OutgoingAudio {
  readonly #format: MediaFormat;
  readonly #queue: ListenerQueue;
  readonly #maxBacklogBytes: number;
  readonly #missed: (samples: number) => void;
  #untold = 0;

  /** `missed` is told of samples that the client does not get, as soon as that is known. */
  constructor(format: MediaFormat, missed: (samples: number) => void) {
    this.#format = format;
    this.#missed = missed;
    this.#queue = createListenerQueue({ frameSamples: format.frameSamples });
    this.#maxBacklogBytes = (SOCKET_BACKLOG_MS * LIMITS.callSampleRate * format.bytesPerSample) / 1000;
  }

  push(samples: Int16Array): void {
    this.#queue.push(samples);
    const gap = this.#queue.takeGap();
    if (gap === 0) return;
    this.#untold += gap;
    this.#missed(gap);
  }

  /**
   * Sends the frames that are ready, unless the client has enough on its way; with `flush` a short last one too. Tells
   * how many samples are missing behind what was sent.
   */
  pump(socket: AudioSocket, options: { readonly flush?: boolean } = {}): number {
    if (socket.bufferedAmount > this.#maxBacklogBytes) return 0;
    for (const frame of this.#queue.take(options)) {
      // A failed send shows itself as the end of the socket.
      socket.send(this.#format.encode(frame), BINARY, ignoreFailure);
    }
    const gap = this.#untold;
    this.#untold = 0;
    return gap;
  }

  /** Gives up on what waits. */
  abandon(): void {
    const waiting = this.#queue.take({ flush: true }).reduce((sum, { length }) => sum + length, 0);
    if (waiting > 0) this.#missed(waiting);
  }
}

const ignoreFailure = (): void => undefined;

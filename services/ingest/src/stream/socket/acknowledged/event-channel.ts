import type { StreamEvent } from '@earshot/protocol';
import type { WebSocket } from 'ws';

/** The part of a socket that events go out by. */
export type EventSocket = Pick<WebSocket, 'send' | 'bufferedAmount' | 'readyState' | 'OPEN'>;

/** Sends events to a client that reads them, and gives up one that does not. */
export class EventChannel {
  readonly #socket: EventSocket;
  readonly #maxBufferedBytes: number;
  readonly #tooSlow: () => void;
  #open = true;

  /** `tooSlow` is called once, when more than `maxBufferedBytes` wait for the client. */
  constructor(socket: EventSocket, maxBufferedBytes: number, tooSlow: () => void) {
    this.#socket = socket;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#tooSlow = tooSlow;
  }

  send(event: StreamEvent): void {
    if (!this.#open || this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > this.#maxBufferedBytes) {
      this.#open = false;
      this.#tooSlow();
      return;
    }
    // A failed send shows itself as the end of the socket.
    this.#socket.send(JSON.stringify(event), () => undefined);
  }

  end(): void {
    this.#open = false;
  }
}

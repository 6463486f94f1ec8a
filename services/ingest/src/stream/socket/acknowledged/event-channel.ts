import type { StreamEvent } from '@earshot/protocol';
import type { EventSocket } from './event-socket.ts';

/** Sends events to a client that reads them, and gives up one that does not. */
export class EventChannel {
  readonly #socket: EventSocket;
  readonly #maxBufferedBytes: number;
  #open = true;
  #isStuck = false;

  constructor(socket: EventSocket, maxBufferedBytes: number) {
    this.#socket = socket;
    this.#maxBufferedBytes = maxBufferedBytes;
  }

  /** True once more than `maxBufferedBytes` waited for the client; it is told nothing more then. */
  get isStuck(): boolean {
    return this.#isStuck;
  }

  send(event: StreamEvent): void {
    if (!this.#open || this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > this.#maxBufferedBytes) {
      this.#open = false;
      this.#isStuck = true;
      return;
    }
    this.#socket.send(JSON.stringify(event));
  }

  end(): void {
    this.#open = false;
  }
}

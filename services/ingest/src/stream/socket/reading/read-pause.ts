import type { WebSocket } from 'ws';

/** Why a socket is not read: this node is behind, or the client has more on its way than was granted. */
export type PauseReason = 'room' | 'credit';

/** Stops reading a socket while there is a reason to; TCP slows the sender down. */
export class ReadPause {
  readonly #socket: Pick<WebSocket, 'pause' | 'resume'>;
  readonly #resumed: () => void;
  readonly #reasons = new Set<PauseReason>();

  /** `resumed` is called whenever reading goes on. */
  constructor(socket: Pick<WebSocket, 'pause' | 'resume'>, resumed: () => void) {
    this.#socket = socket;
    this.#resumed = resumed;
  }

  get active(): boolean {
    return this.#reasons.size > 0;
  }

  /** Not read until `wait` resolves, if there is one; one wait of a kind at a time. */
  hold(reason: PauseReason, wait: Promise<void> | undefined): void {
    if (wait !== undefined && !this.#reasons.has(reason)) void this.#holdUntil(reason, wait);
  }

  async #holdUntil(reason: PauseReason, wait: Promise<void>): Promise<void> {
    if (!this.active) this.#socket.pause();
    this.#reasons.add(reason);
    await wait;
    this.#reasons.delete(reason);
    if (this.active) return;
    this.#resumed();
    this.#socket.resume();
  }
}

import type { TrackName } from '@earshot/protocol';
import type { Random } from '../../runner/random.ts';
import type { Life, Scheduler } from '../scheduler/scheduler.ts';

/** What a client sends over its connection, in order. */
export type ClientMessage =
  | { readonly kind: 'audio'; readonly track: TrackName; readonly from: number; readonly samples: Int16Array }
  /** Samples that the sender counts, and lost before it could send them. */
  | { readonly kind: 'gap'; readonly track: TrackName; readonly samples: number }
  /** The audio is complete. */
  | { readonly kind: 'stop' };

/** What a client is told over its connection, in order; positions in samples. */
export type ServerMessage =
  | { readonly kind: 'ready'; readonly epoch: number; readonly next: number }
  | { readonly kind: 'ack'; readonly durable: number; readonly archived: number };

interface ServerEnd {
  readonly life: Life;
  message(message: ClientMessage): void;
  /** The connection is over: closed by the client, or lost. */
  gone(): void;
}

interface ClientEnd {
  message(message: ServerMessage): void;
  /** Closed by the server with a code; 1006 when it was lost. */
  gone(code: number): void;
}

/** One connection between a client and a node: in order each way, until it breaks. */
export class Link {
  server: ServerEnd | undefined;
  #client: ClientEnd | undefined;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #latencyMs: number;
  #lastToServerMs = 0;
  #lastToClientMs = 0;
  /** While a half-open connection holds back what is on its way to the server, ms. */
  #heldBackMs = 0;
  #toServerOpen = true;
  #toClientOpen = true;

  constructor(scheduler: Scheduler, random: Random, client: ClientEnd) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#client = client;
    this.#latencyMs = 0.2 + 15 * random.next();
  }

  get open(): boolean {
    return this.#toServerOpen && this.#toClientOpen;
  }

  toServer(message: ClientMessage): void {
    if (!this.#toServerOpen) return;
    const receive = (): void => this.server?.message(message);
    this.#deliverToServer(this.#way(), `link ${message.kind}`, receive);
  }

  toClient(message: ServerMessage): void {
    if (!this.#toClientOpen) return;
    this.#deliverToClient(`link ${message.kind}`, (client) => client.message(message));
  }

  /** The server closes: what it sent before still arrives, what is on its way to it does not. */
  closeByServer(code: number): void {
    if (!this.#toClientOpen) return;
    this.#toServerOpen = false;
    this.server = undefined;
    this.#deliverToClient('link closed', (client) => client.gone(code));
    this.#toClientOpen = false;
  }

  /** The client hangs up: what it sent before still arrives, and it hears nothing more. */
  closeByClient(): void {
    if (this.#toServerOpen) this.#deliverToServer(this.#way(), 'link hung up', () => this.#loseServer());
    this.#toServerOpen = false;
    this.#toClientOpen = false;
    this.#client = undefined;
  }

  /** The connection breaks, and both ends hear of it soon; nothing on its way arrives. */
  reset(): void {
    this.#toServerOpen = false;
    this.#toClientOpen = false;
    const server = this.server;
    this.server = undefined;
    if (server !== undefined)
      this.#scheduler.after(this.#way(), 'link reset', () => server.gone(), server.life);
    this.#loseClient(this.#way());
  }

  /**
   * The connection breaks, and nobody is told: what is on its way to the server may arrive much later, the server
   * hears of the end later still, and the client has to notice by itself.
   */
  halfOpen(): void {
    // A cable that is out cannot be pulled again: what is held back keeps its order.
    if (this.#heldBackMs > 0) return;
    this.#toServerOpen = false;
    this.#toClientOpen = false;
    this.#heldBackMs = 2000 * this.#random.next();
    const lostAfterMs = this.#heldBackMs + 20_000 * this.#random.next();
    this.#deliverToServer(lostAfterMs, 'link timed out', () => this.#loseServer());
    this.#loseClient(50 + 1500 * this.#random.next());
  }

  /** The node's process is gone; a machine that lost its power says nothing for a while. */
  serverDied(silent: boolean): void {
    if (this.server === undefined) return;
    this.#toServerOpen = false;
    this.#toClientOpen = false;
    this.server = undefined;
    this.#loseClient(silent ? 200 + 2000 * this.#random.next() : this.#way());
  }

  #deliverToServer(ms: number, label: string, receive: () => void): void {
    this.#lastToServerMs = Math.max(this.#scheduler.nowMs + ms, this.#lastToServerMs + 0.001);
    const arrive = (): void => {
      const heldBackMs = this.#heldBackMs;
      if (heldBackMs > 0) this.#scheduler.after(heldBackMs, `${label}, late`, () => this.#receive(receive));
      else this.#receive(receive);
    };
    this.#scheduler.after(this.#lastToServerMs - this.#scheduler.nowMs, label, arrive);
  }

  #receive(receive: () => void): void {
    if (this.server?.life.dead === false) receive();
  }

  #deliverToClient(label: string, receive: (client: ClientEnd) => void): void {
    this.#lastToClientMs = Math.max(this.#scheduler.nowMs + this.#way(), this.#lastToClientMs + 0.001);
    this.#scheduler.after(this.#lastToClientMs - this.#scheduler.nowMs, label, () => {
      if (this.#client !== undefined) receive(this.#client);
    });
  }

  #loseServer(): void {
    const server = this.server;
    this.server = undefined;
    server?.gone();
  }

  #loseClient(ms: number): void {
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) this.#scheduler.after(ms, 'link lost', () => client.gone(1006));
  }

  #way(): number {
    return this.#latencyMs * (0.5 + this.#random.next());
  }
}

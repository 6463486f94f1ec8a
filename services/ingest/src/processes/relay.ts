import { Socket } from 'node:net';
import type { FromProcess, ToProcess } from './messages.ts';

/** A process that is busy or stopped is left out of an answer after this, ms. */
const ANSWER_MS = 1500;

/** What the relay needs of a process; cluster's `Worker` fits. */
export interface Peer {
  isConnected(): boolean;
  send(message: ToProcess, handle?: Socket): unknown;
}

interface Round {
  readonly asker: Peer;
  readonly askerId: number;
  readonly waitingFor: Set<Peer>;
  readonly answers: string[];
  readonly late: NodeJS.Timeout;
}

/** The primary's post: knows which process is which node, asks all of them, passes connections from one to another. */
export class Relay {
  readonly #nodes = new Map<Peer, string>();
  readonly #rounds = new Map<number, Round>();
  #nextRound = 0;

  hear(from: Peer, message: FromProcess, handle: unknown): void {
    switch (message.type) {
      case 'ready':
        this.#nodes.set(from, message.node);
        this.#tellNodes();
        return;
      case 'ask':
        this.#ask(from, message);
        return;
      case 'answer':
        this.#answered(from, message);
        return;
      case 'pass':
        if (handle instanceof Socket) this.#pass(message, handle);
    }
  }

  gone(worker: Peer): void {
    if (this.#nodes.delete(worker)) this.#tellNodes();
    for (const id of this.#rounds.keys()) this.#leave(id, worker);
  }

  #tellNodes(): void {
    const nodes = [...this.#nodes.values()];
    for (const worker of this.#nodes.keys()) send(worker, { type: 'nodes', nodes });
  }

  #ask(asker: Peer, { id: askerId, question }: FromProcess & { type: 'ask' }): void {
    const id = this.#nextRound;
    this.#nextRound += 1;
    const late = setTimeout(() => this.#finish(id), ANSWER_MS);
    this.#rounds.set(id, { asker, askerId, waitingFor: new Set(this.#nodes.keys()), answers: [], late });
    for (const worker of this.#nodes.keys()) send(worker, { type: 'question', id, question });
  }

  #answered(from: Peer, { id, answer }: FromProcess & { type: 'answer' }): void {
    const round = this.#rounds.get(id);
    if (round?.waitingFor.has(from) !== true) return;
    round.answers.push(answer);
    this.#leave(id, from);
  }

  #leave(id: number, worker: Peer): void {
    const round = this.#rounds.get(id);
    round?.waitingFor.delete(worker);
    if (round?.waitingFor.size === 0) this.#finish(id);
  }

  #finish(id: number): void {
    const round = this.#rounds.get(id);
    if (round === undefined) return;
    clearTimeout(round.late);
    this.#rounds.delete(id);
    send(round.asker, { type: 'answers', id: round.askerId, answers: round.answers });
  }

  #pass({ node, upgrade }: FromProcess & { type: 'pass' }, socket: Socket): void {
    const to = [...this.#nodes].find(([, name]) => name === node)?.[0];
    // The client may hang up while its connection is between two processes.
    socket.on('error', () => undefined);
    // The sender connects again, and is told where it stands.
    if (to?.isConnected() !== true) socket.destroy();
    else to.send({ type: 'passed', upgrade }, socket);
  }
}

function send(worker: Peer, message: ToProcess): void {
  if (worker.isConnected()) worker.send(message);
}

import { Socket } from 'node:net';
import type { ServiceProcess } from '@earshot/runtime';
import type { Family } from './family.ts';
import { type FromProcess, type PassedUpgrade, type Question, ToProcess } from './messages.ts';

/** What a link needs of the process; `process` itself fits. */
export interface LinkedProcess extends ServiceProcess {
  on(event: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  on(event: 'message', listener: (message: unknown, handle: unknown) => void): unknown;
  send?(message: FromProcess, handle?: Socket): unknown;
}

/** A family over the channel to the primary, and the process as its service sees it. */
export interface Link {
  readonly family: Family;
  readonly host: ServiceProcess;
}

/** The primary answers sooner, ms; this is for one that cannot. */
const ANSWER_MS = 3000;

/** One process of several: its channel to the primary. */
export function linkToPrimary(process: LinkedProcess, place: { number: number; size: number }): Link {
  const link = new PrimaryLink(process, place);
  return { family: link, host: link.host };
}

class PrimaryLink implements Family {
  readonly number: number;
  readonly size: number;
  readonly host: ServiceProcess;
  readonly #process: LinkedProcess;
  readonly #answers = new Map<Question, () => Promise<string>>();
  readonly #asked = new Map<number, (answers: string[]) => void>();
  #nodes: readonly string[] = [];
  #node = '';
  #nextId = 0;
  #take: ((upgrade: PassedUpgrade, socket: Socket) => void) | undefined;
  #stop: (() => void) | undefined;
  #stopping = false;

  constructor(process: LinkedProcess, { number, size }: { number: number; size: number }) {
    this.number = number;
    this.size = size;
    this.#process = process;
    this.host = {
      stderr: process.stderr,
      exit: (code) => process.exit(code),
      on: (signal, listener) => {
        if (signal === 'SIGTERM') this.#onStop(listener);
      },
    };
    // A terminal sends Ctrl-C to all processes, systemd SIGTERM: the order comes once, whoever gives it.
    process.on('SIGINT', () => undefined);
    process.on('SIGTERM', () => this.#wish());
    process.on('message', (message, handle) => this.#hear(ToProcess.parse(message), handle));
  }

  isSibling(node: string): boolean {
    return node !== this.#node && this.#nodes.includes(node);
  }

  pass(node: string, upgrade: PassedUpgrade, socket: Socket): void {
    // Else the HTTP server of this process would wait for the end of a connection that it does not have any more.
    Reflect.set(socket, 'server', null);
    this.#process.send?.({ type: 'pass', node, upgrade }, socket);
  }

  onPassed(take: (upgrade: PassedUpgrade, socket: Socket) => void): void {
    this.#take = take;
  }

  answer(question: Question, give: () => Promise<string>): void {
    this.#answers.set(question, give);
  }

  async ask(question: Question): Promise<string[]> {
    const id = this.#nextId;
    this.#nextId += 1;
    const answers = await new Promise<string[] | undefined>((resolve) => {
      const late = setTimeout(() => resolve(undefined), ANSWER_MS);
      this.#asked.set(id, (given) => {
        clearTimeout(late);
        resolve(given);
      });
      this.#process.send?.({ type: 'ask', id, question });
    });
    this.#asked.delete(id);
    return answers ?? [await this.#own(question)];
  }

  ready(node: string): void {
    this.#node = node;
    this.#process.send?.({ type: 'ready', node });
  }

  #hear(message: ToProcess, handle: unknown): void {
    switch (message.type) {
      case 'nodes':
        this.#nodes = message.nodes;
        return;
      case 'question':
        void this.#reply(message.id, message.question);
        return;
      case 'answers':
        this.#asked.get(message.id)?.(message.answers);
        return;
      case 'passed':
        if (handle instanceof Socket) this.#receive(message.upgrade, handle);
        return;
      case 'stop':
        this.#wish();
    }
  }

  #receive(upgrade: PassedUpgrade, socket: Socket): void {
    if (this.#take === undefined) socket.destroy();
    else this.#take(upgrade, socket);
  }

  async #reply(id: number, question: Question): Promise<void> {
    const answer = await this.#own(question).catch(() => undefined);
    if (answer !== undefined) this.#process.send?.({ type: 'answer', id, answer });
  }

  async #own(question: Question): Promise<string> {
    return (await this.#answers.get(question)?.()) ?? '';
  }

  #onStop(listener: () => void): void {
    this.#stop = listener;
    if (this.#stopping) listener();
  }

  #wish(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#stop?.();
  }
}

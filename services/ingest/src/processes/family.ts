import type { Socket } from 'node:net';
import type { PassedUpgrade, Question } from './messages.ts';

/** The processes of one ingest service, as one of them sees them. */
export interface Family {
  /** This process, counted from 1. */
  readonly number: number;
  /** How many there are to be. */
  readonly size: number;
  /** True when another process that is ready now carries this node's name. */
  isSibling(node: string): boolean;
  /** Gives a connection to the sibling of that name; it is closed when the sibling is gone. */
  pass(node: string, upgrade: PassedUpgrade, socket: Socket): void;
  /** Takes the connections that siblings pass. */
  onPassed(take: (upgrade: PassedUpgrade, socket: Socket) => void): void;
  /** What this process answers. */
  answer(question: Question, give: () => Promise<string>): void;
  /** The answers of all processes that answered in time, this one's among them. */
  ask(question: Question): Promise<string[]>;
  /** Listens now, under this node's name. */
  ready(node: string): void;
}

/** A process without siblings. */
export function alone(): Family {
  const answers = new Map<Question, () => Promise<string>>();
  return {
    number: 1,
    size: 1,
    isSibling: () => false,
    pass: (_node, _upgrade, socket) => void socket.destroy(),
    onPassed: () => undefined,
    answer: (question, give) => void answers.set(question, give),
    async ask(question) {
      const give = answers.get(question);
      return give === undefined ? [] : [await give()];
    },
    ready: () => undefined,
  };
}

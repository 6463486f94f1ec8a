import type { Random } from '../../runner/random.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { Link } from '../world/link.ts';
import type { Opening } from './edge.ts';
import { NoAnswer, type ServerNode } from './server-node.ts';
import type { ServerProcess } from './server-process.ts';

type ClientEnd = ConstructorParameters<typeof Link>[2];

/** The nodes behind one address, as clients reach them. */
export class Cluster {
  /** Connections of clients that may be broken. */
  readonly links = new Set<Link>();
  /** Of the requests, how many lose their answer. */
  losingAnswers = 0;
  readonly nodes: readonly ServerNode[];
  readonly #scheduler: Scheduler;
  readonly #random: Random;

  constructor(scheduler: Scheduler, nodes: readonly ServerNode[]) {
    this.#scheduler = scheduler;
    this.nodes = nodes;
    this.#random = scheduler.fork('cluster');
  }

  /** A node as a load balancer gives it: mostly the wished one, mostly one that is up. */
  pick(random: Random, wished?: ServerNode): ServerNode {
    const up = this.nodes.filter((node) => node.process !== undefined && !node.draining);
    if (wished !== undefined && up.includes(wished) && random.chance(0.7)) return wished;
    const choice = up.length > 0 && random.chance(0.9) ? up : this.nodes;
    return random.pick(choice);
  }

  /** Connects a client with a node; what comes of it is told to the client's end. */
  connect(node: ServerNode, opening: Opening, client: ClientEnd): Link {
    const link = new Link(this.#scheduler, this.#random, client);
    this.links.add(link);
    this.#scheduler.after(this.#way(), `connect ${node.name}`, () => {
      if (!link.open) return;
      if (!node.accept(link, opening)) link.reset();
    });
    return link;
  }

  /** Asks a node; rejects with `NoAnswer` when no answer comes, whatever the node made of the request. */
  request<T>(node: ServerNode, what: string, handle: (process: ServerProcess) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const label = `request ${what} ${node.name}`;
      const lost = this.#random.chance(this.losingAnswers);
      const giveUp = this.#scheduler.after(40_000, `${label} timed out`, () => reject(new NoAnswer()));
      const answer = (settle: () => void): void => {
        if (lost) return;
        giveUp();
        this.#scheduler.after(this.#way(), `${label} answered`, settle);
      };
      this.#scheduler.after(this.#way(), label, () => {
        const { process } = node;
        if (process === undefined || node.draining) {
          answer(() => reject(new NoAnswer()));
          return;
        }
        node.handle(process, handle).then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(asError(error))),
        );
      });
    });
  }

  #way(): number {
    return 0.2 + 10 * this.#random.next();
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

import type { Random } from '../../runner/random.ts';
import type { Cluster } from '../nodes/cluster.ts';
import type { ServerNode } from '../nodes/server-node.ts';
import type { Branch } from '../oracle/branches.ts';
import type { ConnectionHistory, History, SessionHistory } from '../oracle/history.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { Link } from '../world/link.ts';
import type { AudioSource } from './audio-source.ts';

/** What a client of one session works with. */
export interface ClientWorld {
  readonly scheduler: Scheduler;
  readonly cluster: Cluster;
  readonly random: Random;
  readonly history: History;
  readonly session: SessionHistory;
  readonly source: AudioSource;
  readonly reach: (branch: Branch) => void;
}

/** A client that feeds one session. */
export interface SessionClient {
  /** Resolves when it has nothing more to send, or may send no more. */
  readonly finished: Promise<void>;
  readonly done: boolean;
  /** Its connection, to be broken. */
  readonly link: Link | undefined;
  start(): void;
  /** Opens a second connection while the first is in use, as a phone does that changes its network. */
  doubleUp(): void;
}

/** Whether a client is done, and who waits for that. */
export class Completion {
  done = false;
  readonly promise: Promise<void>;
  #resolve: () => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  complete(): void {
    this.done = true;
    this.#resolve();
  }
}

/** How far apart the seeds of a connection's two tracks are. */
export const SECOND_TRACK_SEED = 50_021;

/** Notes a new connection in the history of its session. */
export function newConnection({ session }: ClientWorld, node: ServerNode, seed: number): ConnectionHistory {
  const isCall = session.tracks.length > 1;
  const second = isCall ? freshHistory(node, seed + SECOND_TRACK_SEED, undefined) : undefined;
  const connection = freshHistory(node, seed, second);
  session.connections.push(connection);
  return connection;
}

function freshHistory(
  node: ServerNode,
  seed: number,
  second: ConnectionHistory | undefined,
): ConnectionHistory {
  const nothing = { epoch: 0, base: undefined, firstSample: 0, taken: 0, durable: 0, archived: 0 };
  return { node: node.name, start: node.starts, seed, ...nothing, gaps: [], second };
}

/** A client's pause before it tries again, ms. */
export function backOffMs(random: Random, attempt: number): number {
  return Math.min(3000, 20 * 2 ** attempt) * (0.5 + random.next());
}

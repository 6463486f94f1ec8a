import type { ServerNode } from '../nodes/server-node.ts';
import type { Link } from '../world/link.ts';
import {
  backOffMs,
  type ClientWorld,
  Completion,
  newConnection,
  SECOND_TRACK_SEED,
  type SessionClient,
} from './client-world.ts';

/** Each connection has a voice of its own, so that the oracle can tell whose samples are whose. */
const SEED_STEP = 7919;

/** A client that knows nothing of acknowledgements: it sends what it hears while it is connected. */
export class PlainClient implements SessionClient {
  readonly #completion = new Completion();
  readonly #world: ClientWorld;
  #link: Link | undefined;
  #node: ServerNode | undefined;
  #sent = 0;
  #seed = 0;
  #from = 0;
  #attempt = 0;

  constructor(world: ClientWorld) {
    this.#world = world;
  }

  get done(): boolean {
    return this.#completion.done;
  }

  get finished(): Promise<void> {
    return this.#completion.promise;
  }

  start(): void {
    this.#connect();
    this.#pump();
  }

  doubleUp(): void {
    if (this.#link === undefined || this.done) return;
    this.#world.reach('two connections at once');
    this.#connect();
  }

  get link(): Link | undefined {
    return this.#link;
  }

  #connect(): void {
    if (this.done) return;
    const { cluster, random, session, source, reach } = this.#world;
    const node = cluster.pick(random, this.#node);
    this.#node = node;
    if (session.connections.length > 0) reach('plain client reconnected');
    this.#seed = source.seed + SEED_STEP * (session.connections.length + 1);
    const connection = newConnection(this.#world, node, this.#seed);
    this.#from = source.produced;
    this.#sent = this.#from;
    const link: Link = cluster.connect(
      node,
      { ref: session.ref, session, connection, from: undefined },
      {
        message: () => undefined,
        gone: (code) => {
          if (link === this.#link) this.#gone(code);
        },
      },
    );
    this.#link = link;
  }

  #gone(code: number): void {
    this.#link = undefined;
    if (code === 1000 || code === 1008 || code === 1002) {
      this.#completion.complete();
      return;
    }
    this.#attempt += 1;
    const { scheduler, random } = this.#world;
    scheduler.after(backOffMs(random, this.#attempt), 'client reconnects', () => {
      if (this.#link === undefined) this.#connect();
    });
  }

  #pump(): void {
    if (this.done) return;
    const { scheduler, source, random } = this.#world;
    const to = source.produced;
    if (this.#link !== undefined && to > this.#sent) this.#send(this.#link, to);
    if (source.complete) {
      this.#completion.complete();
      const how = random.next();
      if (how < 0.5) this.#link?.toServer({ kind: 'stop' });
      else if (how < 0.75) this.#link?.closeByClient();
      return;
    }
    scheduler.after(source.frameMs, 'client frame', () => this.#pump());
  }

  /** Sends what there is up to a sample on each track, or says on one of them that it was lost. */
  #send(link: Link, to: number): void {
    const { session, source, random } = this.#world;
    for (const [at, track] of session.tracks.entries()) {
      if (this.#sent > this.#from && random.chance(0.04)) {
        link.toServer({ kind: 'gap', track, samples: to - this.#sent });
        continue;
      }
      const from = this.#sent - this.#from;
      const samples = source.samples(this.#seed + at * SECOND_TRACK_SEED, from, to - this.#from);
      link.toServer({ kind: 'audio', track, from, samples });
    }
    this.#sent = to;
  }
}

import type { ServerNode } from '../nodes/server-node.ts';
import type { Link, ServerMessage } from '../world/link.ts';
import {
  backOffMs,
  type ClientWorld,
  Completion,
  newConnection,
  type SessionClient,
} from './client-world.ts';

/** One of its connections. */
interface Channel {
  readonly link: Link;
  /** The next sample to send on it; undefined until the server is ready. */
  next: number | undefined;
  lastHeardMs: number;
}

/** Unacknowledged audio without any word from the server for this long: the connection is taken for dead, ms. */
const DEAF_MS = 6000;

/**
 * A client that frees audio only when it is durable, names the first sample that it still has when it connects, and
 * sends from where the server stands.
 */
export class AcknowledgedClient implements SessionClient {
  readonly #completion = new Completion();
  readonly #world: ClientWorld;
  /** Everything below is durable at the server: the client has it no more. */
  #freed = 0;
  #current: Channel | undefined;
  #older: Channel | undefined;
  #node: ServerNode | undefined;
  #attempt = 0;
  /** The newest connection that it heard of. */
  #epoch = 0;

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
    if (this.#current === undefined || this.done) return;
    this.#world.reach('two connections at once');
    this.#older?.link.closeByClient();
    this.#older = this.#current;
    this.#connect();
  }

  get link(): Link | undefined {
    return this.#current?.link;
  }

  #connect(): void {
    if (this.done) return;
    const { cluster, random, session, source, scheduler } = this.#world;
    const node = cluster.pick(random, this.#node);
    this.#node = node;
    const from = this.#freed > 0 || random.chance(0.5) ? this.#freed : undefined;
    const connection = newConnection(this.#world, node, source.seed);
    const channel: Channel = {
      link: cluster.connect(
        node,
        { ref: session.ref, session, connection, from },
        {
          message: (message) => this.#hear(channel, message),
          gone: (code) => this.#gone(channel, code),
        },
      ),
      next: undefined,
      lastHeardMs: scheduler.nowMs,
    };
    this.#current = channel;
  }

  #hear(channel: Channel, message: ServerMessage): void {
    channel.lastHeardMs = this.#world.scheduler.nowMs;
    if (message.kind === 'ack') {
      this.#freed = Math.max(this.#freed, message.durable);
      return;
    }
    this.#attempt = 0;
    // Only the newest connection's word counts, by the server's order: that of an older one may come late.
    if (message.epoch > this.#epoch) this.#check(message.next);
    this.#epoch = Math.max(this.#epoch, message.epoch);
    channel.next = Math.max(message.next, this.#freed);
  }

  /** The server never asks for less than it has acknowledged, nor for what was never sent. */
  #check(next: number): void {
    const { history, session, source } = this.#world;
    // What was durable on one disk only went with it.
    const kept = session.connections.map(({ node, durable, archived }) =>
      history.lostDisks.has(node) ? archived : durable,
    );
    // Of a session whose owner has asked for its erasure nothing is promised any more.
    if (next < Math.min(this.#freed, Math.max(...kept)) && !session.erased)
      history.violate(session, 'I4', `ready at ${next}, durable was ${this.#freed}`);
    if (next > source.produced) {
      history.violate(session, 'I3', `ready at ${next}, sent were ${source.produced}`);
    }
  }

  #gone(channel: Channel, code: number): void {
    if (channel === this.#older) this.#older = undefined;
    if (channel !== this.#current) return;
    this.#current = undefined;
    if (code === 1000 || code === 1008 || code === 1002) {
      this.#completion.complete();
      return;
    }
    if (code === 4409 && this.#older !== undefined) {
      this.#recall(this.#older);
      return;
    }
    this.#attempt += 1;
    const { scheduler, random } = this.#world;
    scheduler.after(backOffMs(random, this.#attempt), 'client reconnects', () => {
      if (this.#current === undefined) this.#connect();
    });
  }

  /** The newer connection did not come about: the older one is the only one again. */
  #recall(older: Channel): void {
    this.#current = older;
    this.#older = undefined;
  }

  #pump(): void {
    if (this.done) return;
    const { scheduler, source } = this.#world;
    for (const channel of [this.#older, this.#current]) if (channel !== undefined) this.#send(channel);
    if (source.complete && this.#freed >= source.totalSamples) {
      this.#complete();
      return;
    }
    scheduler.after(source.frameMs, 'client frame', () => this.#pump());
  }

  #send(channel: Channel): void {
    const { scheduler, source } = this.#world;
    if (scheduler.nowMs - channel.lastHeardMs > DEAF_MS) {
      channel.link.closeByClient();
      this.#gone(channel, 1006);
      return;
    }
    if (channel.next === undefined) return;
    // A burst after a pause is sent faster than real time, not all at once.
    for (let burst = 0; burst < 3 && channel.next < source.produced; burst += 1) {
      const to = Math.min(source.produced, channel.next + source.frameSamples);
      channel.link.toServer({
        kind: 'audio',
        track: 'main',
        from: channel.next,
        samples: source.samples(source.seed, channel.next, to),
      });
      channel.next = to;
    }
    if (channel.next >= source.produced && this.#freed >= channel.next) channel.lastHeardMs = scheduler.nowMs;
  }

  /** Everything is durable: it says so, or hangs up, or leaves the connection to End. */
  #complete(): void {
    this.#completion.complete();
    const { random } = this.#world;
    const link = this.#current?.link;
    this.#older?.link.closeByClient();
    if (link === undefined || random.chance(0.3)) return;
    if (random.chance(0.6)) link.toServer({ kind: 'stop' });
    else link.closeByClient();
  }
}

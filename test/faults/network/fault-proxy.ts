import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@earshot/test-support';
import { OpenSockets } from './open-sockets.ts';

/** `up` is towards the server. */
type Direction = 'up' | 'down';

/** What happens to one connection. */
export interface ConnectionFault {
  /** Each chunk is passed on this much later, ms. */
  readonly latencyMs?: number;
  /** Bytes are passed on in segments of this many, each on its own. */
  readonly sliceBytes?: number;
  /** No more than this is passed on in each direction, bytes a second. */
  readonly bytesPerSecond?: number;
  /** From the n-th byte on a direction is silently swallowed while the other works. */
  readonly mute?: { readonly direction: Direction; readonly atByte: number };
  /** At the n-th byte of a direction the connection ends: at once, in order, or without either side being told. */
  readonly drop?: {
    readonly direction: Direction;
    readonly atByte: number;
    readonly how: 'reset' | 'close' | 'half-open';
  };
}

/** A TCP proxy that damages connections. */
export interface FaultProxy {
  readonly port: number;
  stop(): Promise<void>;
}

export interface FaultProxyOptions {
  /** The port that connections go on to. */
  readonly target: number;
  /** What happens to a new connection; undefined: nothing. */
  readonly plan: () => ConnectionFault | undefined;
  readonly onDrop?: () => void;
}

/** A connection that nobody was told about is forgotten after this, ms. */
const HALF_OPEN_MS = 60_000;

/** Listens on a free port of 127.0.0.1. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const port = await freePort();
  const open = new OpenSockets();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    open.track(client);
    const upstream = open.track(connect({ port: options.target, host: '127.0.0.1', allowHalfOpen: true }));
    const pair = new Pair({ client, server: upstream }, options.plan() ?? {}, () => options.onDrop?.());
    void pair.carry('up');
    void pair.carry('down');
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { port, stop: () => open.stop(server) };
}

class Pair {
  readonly #ends: { readonly client: Socket; readonly server: Socket };
  readonly #fault: ConnectionFault;
  readonly #onDrop: () => void;
  readonly #passed = { up: 0, down: 0 };
  #dropped = false;

  constructor(ends: { client: Socket; server: Socket }, fault: ConnectionFault, onDrop: () => void) {
    this.#ends = ends;
    this.#fault = fault;
    this.#onDrop = onDrop;
  }

  /** Passes bytes on in one direction, until its end or the fault. */
  async carry(direction: Direction): Promise<void> {
    const { client, server } = this.#ends;
    const [from, to] = direction === 'up' ? [client, server] : [server, client];
    from.once('close', () => {
      if (!this.#dropped) to.destroy();
    });
    try {
      for await (const chunk of from) await this.#pass(direction, to, chunk as Buffer);
      if (!this.#dropped) to.end();
    } catch {
      if (!this.#dropped) to.destroy();
    }
  }

  async #pass(direction: Direction, to: Socket, chunk: Buffer): Promise<void> {
    const { latencyMs, sliceBytes = chunk.length, bytesPerSecond } = this.#fault;
    if (latencyMs !== undefined) await sleep(latencyMs);
    for (let at = 0; at < chunk.length && !this.#dropped; at += sliceBytes) {
      const piece = chunk.subarray(at, at + sliceBytes);
      await this.#write(direction, to, piece);
      if (bytesPerSecond !== undefined) await sleep((piece.length / bytesPerSecond) * 1000);
      else if (sliceBytes < chunk.length) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #write(direction: Direction, to: Socket, piece: Buffer): Promise<void> {
    const { mute, drop } = this.#fault;
    const before = this.#passed[direction];
    const limits = [mute, drop].filter((each) => each?.direction === direction);
    const room = Math.min(...limits.map((each) => Math.max(0, (each?.atByte ?? 0) - before)), piece.length);
    this.#passed[direction] = before + piece.length;
    if (room > 0 && to.writable && !to.write(piece.subarray(0, room)))
      await new Promise<void>((resolve) => {
        to.once('drain', resolve);
        to.once('close', () => resolve());
      });
    if (drop?.direction === direction && before + piece.length >= drop.atByte) this.#end(drop.how);
  }

  #end(how: 'reset' | 'close' | 'half-open'): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#onDrop();
    const { client, server } = this.#ends;
    for (const socket of [client, server]) {
      if (how === 'reset') socket.resetAndDestroy();
      else if (how === 'close') socket.end();
      else setTimeout(() => socket.destroy(), HALF_OPEN_MS).unref();
    }
    if (how === 'close') setTimeout(() => [client, server].map((socket) => socket.destroy()), 1000).unref();
  }
}

import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServerFrames } from './server-frames.ts';
import { pong, type Wire } from './wire.ts';

/** Send times kept of one stream; audio without an ack for longer than this many frames is not timed. */
const REMEMBERED = 1024;
const OPEN_MS = 20_000;
/** A server that says that it takes no stream now is asked again, as it says, and for the last time after so many tries. */
const TRIES = 5;
const RETRY_MS = 2000;
const REFUSED = 'HTTP/1.1 503';

/** One socket that writes ready frames: no WebSocket library stands between the clock and the wire. */
export class LoadStream {
  readonly #wire: Wire;
  readonly #socket: Socket;
  readonly #sentAt = new Float64Array(REMEMBERED);
  readonly #timed: number[];
  #acked = 0;
  /** Frames and payload bytes sent so far, opening messages among the bytes. */
  frames = 0;
  bytes = 0;
  /** Samples that the server says are durable. */
  durable = 0;
  isOpen = true;

  private constructor(wire: Wire, socket: Socket, latencies: number[]) {
    this.#wire = wire;
    this.#socket = socket;
    this.#timed = latencies;
  }

  /** Resolves when audio may flow. `latencies` gets the time from sending to durable ack of each frame, ms. */
  static async open(
    wire: Wire,
    address: { readonly port: number; readonly path: string },
    latencies: number[],
  ): Promise<LoadStream> {
    const { socket, rest } = await connected(address, wire.protocol);
    const stream = new LoadStream(wire, socket, latencies);
    stream.#listen(rest);
    for (const message of wire.opening) stream.#write(message);
    return stream;
  }

  send(): void {
    if (!this.isOpen) return;
    this.#sentAt[this.frames % REMEMBERED] = performance.now();
    this.#write(this.#wire.frame(this.frames));
    this.frames += 1;
  }

  /** Bytes that the kernel has not taken yet. */
  get waiting(): number {
    return this.#socket.writableLength;
  }

  close(): void {
    this.isOpen = false;
    this.#socket.destroy();
  }

  #write({ wire, payloadBytes }: { wire: Buffer; payloadBytes: number }): void {
    this.bytes += payloadBytes;
    this.#socket.write(wire);
  }

  #listen(rest: Buffer): void {
    const frames = new ServerFrames({
      text: (message) => this.#hear(message),
      ping: (data) => this.#socket.write(pong(data)),
    });
    this.#socket.on('data', (bytes: Buffer) => frames.push(bytes));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.isOpen = false;
    });
    if (rest.length > 0) frames.push(rest);
  }

  #hear(message: string): void {
    const durable = /"durable":(\d+)/.exec(message)?.[1];
    if (durable === undefined) return;
    this.durable = Number(durable);
    const now = performance.now();
    const covered = Math.floor(this.durable / this.#wire.samplesPerFrame);
    if (this.frames - this.#acked > REMEMBERED) this.#acked = this.frames - REMEMBERED;
    for (; this.#acked < covered; this.#acked += 1) {
      this.#timed.push(now - (this.#sentAt[this.#acked % REMEMBERED] ?? now));
    }
  }
}

async function connected(
  { port, path }: { readonly port: number; readonly path: string },
  protocol: string | undefined,
): Promise<{ readonly socket: Socket; readonly rest: Buffer }> {
  for (let tries = 1; ; tries += 1) {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    try {
      return { socket, rest: await shakeHands(socket, { path, protocol }) };
    } catch (error) {
      socket.destroy();
      if (tries === TRIES || !(error instanceof Error && isRefusal(error))) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/** True when the server itself takes no more streams. */
export function isRefusal({ message }: Error): boolean {
  return message.includes(REFUSED);
}

/** RFC 6455 section 4.1; resolves to what the server sent behind its answer. */
function shakeHands(
  socket: Socket,
  { path, protocol }: { readonly path: string; readonly protocol: string | undefined },
): Promise<Buffer> {
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ];
  return new Promise((resolve, reject) => {
    let answer: Buffer = Buffer.alloc(0);
    const fail = (): void => reject(new Error(`no stream: ${answer.toString('latin1').slice(0, 200)}`));
    const read = (bytes: Buffer): void => {
      answer = Buffer.concat([answer, bytes]);
      const end = answer.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', read);
      socket.off('close', fail);
      socket.off('error', fail);
      socket.setTimeout(0);
      if (answer.toString('latin1', 0, 12) === 'HTTP/1.1 101') resolve(answer.subarray(end + 4));
      else fail();
    };
    socket.setTimeout(OPEN_MS, fail);
    socket.once('error', fail);
    socket.once('close', fail);
    socket.on('data', read);
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });
}

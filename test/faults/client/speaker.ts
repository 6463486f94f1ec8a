import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { HistoryEvent, SessionHistory } from '../history/history.ts';
import type { Random } from '../runner/random.ts';
import type { Deadline } from './api.ts';
import { parseStreamMessage, type StreamMessage } from './stream-message.ts';
import { audioMessage, type WireFormat } from './wire-format.ts';

/** Whose voice it is, and how it is sent. */
export interface SpeakerOptions {
  readonly sessionId: string;
  /** Of the computed audio. */
  readonly seed: number;
  readonly format: WireFormat;
  /** Length of the audio, samples. */
  readonly samples: number;
  /** 1 is real time. */
  readonly speed: number;
  readonly random: Random;
  /** The URL to connect to now, without a position. */
  readonly url: () => string;
  /** Without any message for this long while audio is unacknowledged a connection is given up, ms. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 3000;
const HANDSHAKE_MS = 5000;
const TICK_MS = 10;
const SUBPROTOCOL = 'earshot.v1';

/**
 * A client of the acknowledged stream that knows nothing of the product's own code: keeps what is not durable, connects
 * again with `from_sample`, sends from where the server says, and writes down every promise.
 */
export class Speaker {
  readonly options: SpeakerOptions;
  readonly #events: HistoryEvent[] = [];
  readonly #lines = new Map<number, WebSocket>();
  #connections = 0;
  #sent = 0;
  #durable = 0;
  #whole = false;
  #left = false;
  readonly #hungUp = new Set<number>();
  /** Half of all clients stop speaking when they hear that the server is about to close; the others speak on. */
  readonly #heedsClosing: boolean;

  constructor(options: SpeakerOptions) {
    this.options = options;
    this.#heedsClosing = options.random.fork('closing').chance(0.5);
  }

  /** Position below which everything is acknowledged as durable. */
  get durable(): number {
    return this.#durable;
  }

  get sent(): number {
    return this.#sent;
  }

  get history(): SessionHistory {
    const { sessionId, seed, format } = this.options;
    return {
      sessionId,
      seed,
      sampleRate: format.sampleRate,
      events: this.#events,
      sent: this.#sent,
      whole: this.#whole,
    };
  }

  /** Speaks until everything is durable or `leave`, whatever happens to connections; leaves the last one open. Rejects at the deadline. */
  async speak(deadline: Deadline): Promise<void> {
    const { random, samples, sessionId } = this.options;
    while (this.#going()) {
      if (performance.now() > deadline())
        throw new Error(`${sessionId} is at ${this.#durable} of ${samples}`);
      await this.connect(deadline);
      if (this.#going()) await sleep(random.between(20, 200));
    }
    this.#whole = this.#durable >= samples;
  }

  /** One connection; resolves when it is over or everything is durable. May be called while another is open. */
  async connect(deadline: Deadline): Promise<void> {
    const connection = ++this.#connections;
    const from = this.#durable;
    this.#note({ kind: 'connecting', atMs: performance.now(), connection, from });
    const url = new URL(this.options.url());
    url.searchParams.set('from_sample', String(from));
    const socket = new WebSocket(url, SUBPROTOCOL, {
      handshakeTimeout: HANDSHAKE_MS,
      perMessageDeflate: false,
    });
    this.#lines.set(connection, socket);
    const over = new AbortController();
    socket.on('error', () => undefined);
    socket.once('close', (code) => {
      this.#lines.delete(connection);
      const own = this.#hungUp.has(connection);
      this.#note({ kind: 'closed', atMs: performance.now(), connection, code: own ? 0 : code });
      over.abort();
    });
    await this.#converse(socket, { connection, deadline, signal: over.signal });
  }

  /** Says that the audio is complete and waits until the server hangs up; false when it did not in time. */
  async stop(withinMs: number): Promise<boolean> {
    const sockets = [...this.#lines.values()].filter((socket) => socket.readyState === WebSocket.OPEN);
    const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const socket of sockets) socket.send('{"event":"stop"}');
    const late = sleep(withinMs, 'late', { ref: false });
    return sockets.length > 0 && (await Promise.race([Promise.all(closed), late])) !== 'late';
  }

  /** Sends audio that is not due any more, on whatever connections there are; the service must not keep it. */
  sendLate(samples: number): void {
    const { format, seed } = this.options;
    const late = audioMessage(format, { seed, from: this.#sent, samples });
    for (const socket of this.#lines.values()) if (socket.readyState === WebSocket.OPEN) socket.send(late);
  }

  /** Breaks all connections without a word. */
  hangUp(): void {
    for (const [connection, socket] of this.#lines) {
      this.#hungUp.add(connection);
      socket.terminate();
    }
  }

  /** Hangs up and does not come back: `speak` resolves. */
  leave(): void {
    this.#left = true;
    this.hangUp();
  }

  noteEnded(): void {
    this.#note({ kind: 'ended', atMs: performance.now() });
  }

  #going(): boolean {
    return !this.#left && this.#durable < this.options.samples;
  }

  #note(event: HistoryEvent): void {
    this.#events.push(event);
  }

  async #converse(
    socket: WebSocket,
    line: { connection: number; deadline: Deadline; signal: AbortSignal },
  ): Promise<void> {
    const flow = {
      position: -1,
      startedAt: 0,
      start: 0,
      credit: 0,
      heardAt: performance.now(),
      closing: false,
    };
    socket.on('message', (data: Buffer, binary) => {
      if (binary) return;
      flow.heardAt = performance.now();
      const message = parseStreamMessage(data.toString('utf8'));
      this.#take(message, line.connection);
      if (message.event === 'other' && message.name === 'closing') flow.closing = this.#heedsClosing;
      if (message.event !== 'ready') return;
      Object.assign(flow, {
        position: message.nextSample,
        start: message.nextSample,
        startedAt: performance.now(),
        credit: message.creditBytes,
      });
      for (const text of this.options.format.opening) socket.send(text);
    });
    const { samples, patienceMs = PATIENCE_MS } = this.options;
    while (!line.signal.aborted && this.#durable < samples) {
      const now = performance.now();
      if (flow.position >= 0 && !flow.closing && socket.readyState === WebSocket.OPEN)
        this.#send(socket, flow);
      const waiting = flow.position < 0 || flow.position > this.#durable;
      if (!waiting) flow.heardAt = now;
      const patience = flow.position < 0 ? HANDSHAKE_MS + patienceMs : patienceMs;
      if (now > line.deadline() || now - flow.heardAt > patience) {
        socket.terminate();
        return;
      }
      await sleep(TICK_MS);
    }
  }

  /** Puts on the wire what is due by the clock and covered by the credit. */
  #send(
    socket: WebSocket,
    flow: { position: number; start: number; startedAt: number; credit: number },
  ): void {
    const { format, samples: total, speed, random, seed } = this.options;
    const perMs = (format.sampleRate * speed) / 1000;
    const due = Math.min(
      total,
      flow.start + Math.floor((performance.now() - flow.startedAt + TICK_MS) * perMs),
    );
    const covered = Math.min(due, this.#durable + Math.floor(flow.credit / 2));
    while (flow.position < covered) {
      const samples = Math.min(covered - flow.position, random.between(40, 4000));
      socket.send(audioMessage(format, { seed, from: flow.position, samples }));
      flow.position += samples;
      this.#sent = Math.max(this.#sent, flow.position);
    }
  }

  #take(message: StreamMessage, connection: number): void {
    const at = { atMs: performance.now(), connection };
    switch (message.event) {
      case 'ready': {
        const { epoch, nextSample } = message;
        this.#note({ kind: 'ready', ...at, epoch, nextSample, sent: this.#sent });
        // What is not needed any more is durable; a position that was never sent is a lie, which the judge will find.
        this.#durable = Math.max(this.#durable, Math.min(nextSample, this.#sent));
        return;
      }
      case 'ack': {
        const { epoch, received, durable, archived } = message;
        this.#note({ kind: 'ack', ...at, epoch, received, durable, archived, sent: this.#sent });
        this.#durable = Math.max(this.#durable, durable);
        return;
      }
      case 'segment': {
        const { firstSample, samples, sha256 } = message;
        this.#note({ kind: 'segment', ...at, firstSample, samples, sha256 });
        return;
      }
      case 'other':
    }
  }
}

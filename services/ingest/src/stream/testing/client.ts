import { once } from 'node:events';
import { STREAM_PROTOCOL, StreamEvent } from '@earshot/protocol';
import WebSocket from 'ws';

export interface ConnectOptions {
  readonly query?: string;
  readonly protocols?: readonly string[];
}

/** A client socket, what it was told, and how it was closed. */
export interface Client {
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Text messages as they came. */
  readonly messages: readonly string[];
  /** Sends bytes or text, and waits while more than a megabyte is on its way. */
  send(data: Uint8Array | string): Promise<void>;
}

export async function connect(port: number, streamId: string, options: ConnectOptions = {}): Promise<Client> {
  const url = `ws://127.0.0.1:${port}/voice/v1/stream/sessions/${streamId}/audio${options.query ?? ''}`;
  const socket = new WebSocket(url, [...(options.protocols ?? [])], { perMessageDeflate: true });
  const messages: string[] = [];
  socket.on('message', (data: Buffer) => messages.push(data.toString()));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await once(socket, 'open');
  return {
    socket,
    closed,
    messages,
    async send(data) {
      socket.send(data, () => undefined);
      while (socket.bufferedAmount > 1_000_000 && socket.readyState === socket.OPEN) {
        await new Promise((done) => setTimeout(done, 1));
      }
    },
  };
}

/** A client that speaks `earshot.v1`. */
export interface EventClient extends Client {
  /** Every event so far, in order, checked against the schema. */
  events(): StreamEvent[];
  /** The newest event of a kind that is, or will be, there. */
  event<Kind extends StreamEvent['event']>(kind: Kind): Promise<Extract<StreamEvent, { event: Kind }>>;
}

type EventOf<Kind> = Extract<StreamEvent, { event: Kind }>;

/** Makes a client tell its events; connect it with `STREAM_PROTOCOL`. */
export function speaking(client: Client): EventClient {
  const events = (): StreamEvent[] => client.messages.map((text) => StreamEvent.parse(JSON.parse(text)));
  return {
    ...client,
    events,
    async event<Kind extends StreamEvent['event']>(kind: Kind) {
      const isWanted = (event: StreamEvent): event is EventOf<Kind> => event.event === kind;
      for (let isOver = false; ; ) {
        const found = events().findLast(isWanted);
        if (found !== undefined) return found;
        if (isOver) throw new Error(`the connection ended without a ${kind} event`);
        const ended = client.closed.then(() => true);
        isOver = await Promise.race([once(client.socket, 'message').then(() => false), ended]);
      }
    },
  };
}

export const EVENTS = { protocols: [STREAM_PROTOCOL] };

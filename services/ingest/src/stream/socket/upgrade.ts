import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createStreamDecoder } from '@earshot/dialects';
import { type Connection, UNKNOWN_FORMAT } from '@earshot/intake';
import { EarshotError, LIMITS, type SessionRef, STREAM_PROTOCOL } from '@earshot/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import { type EdgeContext, NO_STATS, openConnection } from '../edge-context.ts';
import { Acknowledger } from './acknowledged/acknowledger.ts';
import { type ClientEvents, silentEvents } from './acknowledged/client-events.ts';
import { EventChannel } from './acknowledged/event-channel.ts';
import { eventSocketOf } from './acknowledged/event-socket.ts';
import { FrameFeed } from './frame-feed.ts';
import { type Handshake, readHandshake } from './handshake.ts';
import { PacedReader } from './reading/paced-reader.ts';
import { ReadPace } from './reading/read-pace.ts';
import { refuseUpgrade } from './refusal.ts';
import { SocketStream } from './socket-stream.ts';

/** Decoder options that an operator sets for all streams. */
type WavixFormat = NonNullable<Parameters<typeof createStreamDecoder>[0]>['wavixFormat'];

export interface SocketSettings {
  /** Origins whose pages may open streams; any when left out. */
  readonly allowedOrigins?: readonly string[];
  /** What Wavix sends, since its wire does not tell. */
  readonly wavixFormat?: WavixFormat;
}

/** Takes the `upgrade` events of an HTTP server. */
export interface SocketEdge {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** From now on upgrades are refused with 503. */
  refuse(): void;
  /** Resolves when every client has heard its goodbye, or after `ms`. */
  closed(ms: number): Promise<void>;
}

/** The subprotocol that a platform insists on, beside ours; others are not spoken and not confirmed. */
const JAMBONZ = 'audio.jambonz.org';
const SPOKEN = [STREAM_PROTOCOL, JAMBONZ];

export function createSocketEdge(context: EdgeContext, settings: SocketSettings): SocketEdge {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    // Pongs are ours, so that a flood of pings ends with a reason.
    autoPong: false,
    perMessageDeflate: false,
    maxPayload: LIMITS.maxMessageBytes,
    maxFragments: LIMITS.maxMessageFragments,
    handleProtocols: (offered) => SPOKEN.find((name) => offered.has(name)) ?? false,
  });
  const { streamReadIntervalMs } = context.limits;
  const pace = streamReadIntervalMs === 0 ? undefined : new ReadPace(streamReadIntervalMs);
  let refusing = false;
  const isRefusing = (): boolean => refusing;

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (isRefusing()) throw new EarshotError('shutting_down');
    const handshake = readHandshake(request, settings.allowedOrigins);
    const ref = await find(context, handshake.streamId);
    const from = handshake.from === undefined ? {} : { from: handshake.from };
    const connection = await openConnection(context, ref, { transport: 'websocket', ...from });
    const webSocket = isRefusing() ? undefined : shakeHands(server, { request, socket, head });
    if (webSocket === undefined) {
      abandon(context, connection);
      throw new EarshotError('shutting_down');
    }
    attach(context, connection, { webSocket, socket, pace, handshake, settings });
    context.log.info({ session: ref.sessionId, epoch: connection.epoch }, 'stream opened');
  }

  return {
    handleUpgrade(request, socket, head) {
      const ignore = (): void => undefined;
      socket.on('error', ignore);
      upgrade(request, socket, head).catch((error: unknown) => {
        if (!(error instanceof EarshotError)) context.log.error({ err: error }, 'an upgrade failed');
        refuseUpgrade(socket, error);
      });
    },
    refuse() {
      refusing = true;
    },
    async closed(ms) {
      const until = performance.now() + ms;
      while (server.clients.size > 0 && performance.now() < until) await sleep(10);
      for (const client of server.clients) client.terminate();
    },
  };
}

/** Unknown, malformed and foreign stream ids answer alike. */
async function find(context: EdgeContext, streamId: string): Promise<SessionRef> {
  try {
    return await context.sessions.findStream(streamId);
  } catch (error) {
    if (error instanceof EarshotError && error.code === 'session_not_found') {
      throw new EarshotError('session_not_found');
    }
    throw error;
  }
}

/** Answers 101; undefined when the client has gone meanwhile. What it sends at once waits for our listeners. */
function shakeHands(
  server: WebSocketServer,
  { request, socket, head }: { request: IncomingMessage; socket: Duplex; head: Buffer },
): WebSocket | undefined {
  let opened: WebSocket | undefined;
  if (!socket.destroyed) {
    server.handleUpgrade(request, socket, head, (webSocket) => {
      opened = webSocket;
    });
  }
  return opened;
}

/** Leads the socket's messages into the session, in the manner that its client asked for. */
function attach(
  context: EdgeContext,
  connection: Connection,
  client: {
    readonly webSocket: WebSocket;
    readonly socket: Duplex;
    readonly pace: ReadPace | undefined;
    readonly handshake: Handshake;
    readonly settings: SocketSettings;
  },
): void {
  const { webSocket, pace, handshake, settings } = client;
  const isAcknowledged = webSocket.protocol === STREAM_PROTOCOL;
  const channel = new EventChannel(eventSocketOf(client), context.limits.maxSocketBufferedBytes);
  const events: ClientEvents = isAcknowledged
    ? new Acknowledger(context, connection, { channel, from: handshake.from ?? 0 })
    : silentEvents;
  // Clients that speak our protocol say what they mean; the order of others has to be made out.
  const auto = isAcknowledged ? 'little' : 'auto';
  const byteOrder = handshake.byteOrder === 'auto' ? auto : handshake.byteOrder;
  const wavix = settings.wavixFormat === undefined ? {} : { wavixFormat: settings.wavixFormat };
  const decoder = createStreamDecoder({ byteOrder, inPlace: true, ...wavix });
  const feed = new FrameFeed(decoder, connection, (bytes) => events.audio(bytes));
  new SocketStream(context, connection, {
    socket: webSocket,
    read: (sink) => new PacedReader(client, pace, sink),
    feed,
    events,
  });
}

/** Gives back a stream whose client left before its first frame. */
function abandon(context: EdgeContext, connection: Connection): void {
  connection
    .finish({ closedBy: 'client', format: UNKNOWN_FORMAT, stats: NO_STATS })
    .catch((error: unknown) => {
      const fields = { session: connection.ref.sessionId, err: error };
      context.log.error(fields, 'an abandoned stream could not be closed');
    });
}

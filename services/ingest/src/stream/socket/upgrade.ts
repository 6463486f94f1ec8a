import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createStreamDecoder } from '@earshot/dialects';
import { EarshotError, LIMITS, type SessionRef } from '@earshot/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import { UNKNOWN_FORMAT } from '../intake/stream-end.ts';
import { type OpenedIntake, openIntake, type StreamContext } from '../live/opening.ts';
import { FrameFeed } from './frame-feed.ts';
import { type Handshake, readHandshake } from './handshake.ts';
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
}

/** The one subprotocol that a platform insists on; others are not spoken and not confirmed. */
const JAMBONZ = 'audio.jambonz.org';

export function createSocketEdge(context: StreamContext, settings: SocketSettings): SocketEdge {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Pongs are ours, so that a flood of pings ends with a reason.
    autoPong: false,
    perMessageDeflate: false,
    maxPayload: LIMITS.maxMessageBytes,
    maxFragments: LIMITS.maxMessageFragments,
    handleProtocols: (offered) => (offered.has(JAMBONZ) ? JAMBONZ : false),
  });
  let refusing = false;
  const isRefusing = (): boolean => refusing;

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (isRefusing()) throw new EarshotError('shutting_down');
    const handshake = readHandshake(request, settings.allowedOrigins);
    const open = await openIntake(context, await find(context, handshake.streamId), 'websocket');
    const webSocket = isRefusing() ? undefined : shakeHands(server, { request, socket, head });
    if (webSocket === undefined) {
      abandon(context, open);
      throw new EarshotError('shutting_down');
    }
    const feed = new FrameFeed(createStreamDecoder(decoderOptions(handshake, settings)), open.intake);
    new SocketStream(context, open, { socket: webSocket, feed });
    context.log.info({ session: open.opened.ref.sessionId, epoch: open.opened.epoch }, 'stream opened');
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
  };
}

/** Unknown, malformed and foreign stream ids answer alike. */
async function find(context: StreamContext, streamId: string): Promise<SessionRef> {
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

/** Gives back a stream whose client left before its first frame. */
function abandon(context: StreamContext, { opened, intake, admission }: OpenedIntake): void {
  const stats = { frames: 0, malformedFrames: 0, duplicateFrames: 0, reorderedFrames: 0, oddBytes: 0 };
  intake
    .finish({ closedBy: 'client', format: UNKNOWN_FORMAT, stats, flushMs: context.limits.streamFlushMs })
    .catch((error: unknown) => {
      context.log.error(
        { session: opened.ref.sessionId, err: error },
        'an abandoned stream could not be closed',
      );
    })
    .finally(() => admission.leave());
}

function decoderOptions(
  { byteOrder }: Handshake,
  { wavixFormat }: SocketSettings,
): Parameters<typeof createStreamDecoder>[0] {
  return wavixFormat === undefined ? { byteOrder } : { byteOrder, wavixFormat };
}

import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { createResampler, decodeMulaw, encodeMulaw } from '@earshot/audio';
import { LIMITS } from '@earshot/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import type { CallHandle, PeerLink } from '../../../ports.ts';
import type { StreamClaim } from '../../stream-claimer.ts';
import type { TwilioCarrier } from '../twilio-carrier.ts';

const Message = z.discriminatedUnion('event', [
  z.object({ event: z.literal('connected') }),
  z.object({
    event: z.literal('start'),
    streamSid: z.string(),
    start: z.object({ callSid: z.string(), customParameters: z.record(z.string(), z.string()) }),
  }),
  z.object({ event: z.literal('media'), media: z.object({ payload: z.string() }) }),
  z.object({ event: z.literal('dtmf'), dtmf: z.object({ digit: z.string() }) }),
  z.object({ event: z.literal('mark') }),
  z.object({ event: z.literal('stop') }),
]);

/** The least that a media-streams edge does, so that the carrier can be tried with real sockets. */
export interface StreamEdge {
  readonly claims: StreamClaim['kind'][];
  /** Refuses every upgrade from now on. */
  closed: boolean;
}

/** Adds the sockets of `/carriers/media-streams/{lineId}` to a server. */
export function addStreamEdge(server: Server, publicUrl: string, carrier: () => TwilioCarrier): StreamEdge {
  const sockets = new WebSocketServer({ noServer: true });
  const edge: StreamEdge = { claims: [], closed: false };
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const signature = request.headers['x-twilio-signature'];
    const path = request.url ?? '';
    const url = publicUrl.replace('http', 'ws') + path;
    if (edge.closed || !carrier().verify({ signature, url })) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    const lineId = path.split('/').at(-1) ?? '';
    sockets.handleUpgrade(request, socket, head, (webSocket) =>
      serve(webSocket, { edge, carrier: carrier(), lineId }),
    );
  });
  return edge;
}

function serve(
  socket: WebSocket,
  { edge, carrier, lineId }: { edge: StreamEdge; carrier: TwilioCarrier; lineId: string },
): void {
  const toUs = createResampler(8000, LIMITS.callSampleRate);
  let handle: CallHandle | undefined;
  let stopped = false;
  socket.on('message', (data: Buffer) => {
    const message = Message.parse(JSON.parse(data.toString()));
    if (message.event === 'start') {
      const { callSid, customParameters } = message.start;
      const claim = carrier.claimStream({ lineId, externalCallId: callSid, parameters: customParameters });
      edge.claims.push(claim.kind);
      if (claim.kind !== 'attach') {
        socket.close(1008);
        return;
      }
      handle = claim.handle;
      handle.connected(linkOf(socket, message.streamSid));
    } else if (message.event === 'media') {
      handle?.audio(toUs.push(decodeMulaw(Buffer.from(message.media.payload, 'base64'))));
    } else if (message.event === 'dtmf') {
      handle?.dtmf(message.dtmf.digit);
    } else if (message.event === 'stop') {
      stopped = true;
      handle?.ended('peer_hangup');
    }
  });
  socket.on('close', () => {
    if (!stopped) handle?.unlinked();
  });
}

function linkOf(socket: WebSocket, streamSid: string): PeerLink {
  const toPeer = createResampler(LIMITS.callSampleRate, 8000);
  const send = (message: Readonly<Record<string, unknown>>): void =>
    socket.send(JSON.stringify({ ...message, streamSid }));
  return {
    send: (samples) => {
      const payload = Buffer.from(encodeMulaw(toPeer.push(samples))).toString('base64');
      send({ event: 'media', media: { payload } });
    },
    clear: () => send({ event: 'clear' }),
    hangup: () => socket.close(1000),
  };
}

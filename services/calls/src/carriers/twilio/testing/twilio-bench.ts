import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { EarshotError } from '@earshot/protocol';
import { createHttpServer, createLog } from '@earshot/runtime';
import { streamSettings } from '../../carrier-config.ts';
import { createMediaStreams } from '../../media-streams/media-streams.ts';
import { createCallRecorder } from '../../testing/call-recorder.ts';
import { testLine } from '../../testing/line.ts';
import { registerTwilioCallbacks } from '../callbacks/routes.ts';
import { TwilioConfig } from '../rest/config.ts';
import { createTwilioCarrier, type TwilioCarrier } from '../twilio-carrier.ts';
import { startTwilioStandIn } from './twilio-stand-in.ts';

export const LINE = testLine({ carrier: 'twilio' });

/** A carrier with its callbacks and the media-streams edge on real sockets of this free port, and the stand-in. */
export async function startTwilioBench(port: number) {
  const standIn = await startTwilioStandIn();
  const publicUrl = `http://127.0.0.1:${port}`;
  const lines: string[] = [];
  const log = createLog({
    service: 'test',
    level: 'info',
    destination: { write: (line) => lines.push(line) },
  });
  const { accountSid, authToken, baseUrl } = standIn;
  const config = TwilioConfig.parse({ kind: 'twilio', accountSid, authToken, baseUrl });
  const carrier: TwilioCarrier = createTwilioCarrier(config, { name: 'twilio', publicUrl, log });
  const server = await createHttpServer({ log });
  await registerTwilioCallbacks(server, { receivers: [carrier], publicUrl, log });
  const edge = { isReachable: true };
  const streams = createMediaStreams({
    settings: streamSettings({ twilio: config }),
    findLine: (lineId) => Promise.resolve(lineId === LINE.lineId ? LINE : null),
    takeIncoming: () => Promise.reject(new EarshotError('service_unavailable')),
    claimers: new Map([['twilio', carrier]]),
    publicOrigin: publicUrl,
    log,
  });
  server.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (edge.isReachable && streams.handleUpgrade(request, socket, head)) return;
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
  });
  await server.listen({ host: '127.0.0.1', port });
  let calls = 0;
  const dial = async (to = '+15550123', line = LINE) => {
    calls += 1;
    const handle = createCallRecorder(`call_${calls}`);
    const placed = await carrier.originate({ line, callId: handle.callId, to, handle });
    const call = standIn.calls.at(-1);
    if (call === undefined) throw new Error('the stand-in has no call');
    return { handle, call, cancel: () => placed.cancel() };
  };
  const stop = async () => {
    await carrier.close();
    await streams.close(1000);
    await standIn.close();
    server.server.closeAllConnections();
    await server.close();
  };
  return { standIn, carrier, config, server, edge, streams, publicUrl, port, lines, dial, stop };
}

import type { LineRecord } from '@earshot/protocol';
import { createHttpServer, createLog } from '@earshot/runtime';
import { freePort } from '@earshot/test-support';
import { createCallRecorder } from '../../testing/call-recorder.ts';
import { registerTwilioCallbacks } from '../callbacks/routes.ts';
import { TwilioConfig } from '../rest/config.ts';
import { createTwilioCarrier, type TwilioCarrier } from '../twilio-carrier.ts';
import { addStreamEdge } from './stream-edge.ts';
import { startTwilioStandIn } from './twilio-stand-in.ts';

export const LINE: LineRecord = {
  v: 1,
  lineId: 'lin_front',
  tenant: 'clinic',
  name: 'front desk',
  number: '+15550111',
  carrier: 'twilio',
  record: true,
  transcribe: false,
  autoAnswer: false,
  model: 'lite',
  language: null,
  createdAt: '2026-01-01T00:00:00.000Z',
};

/** A carrier with its callbacks and a stream edge on real sockets, and the stand-in that it calls through. */
export async function startTwilioBench() {
  const standIn = await startTwilioStandIn();
  const port = await freePort();
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
  const edge = addStreamEdge(server.server, publicUrl, () => carrier);
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
    await standIn.close();
    server.server.closeAllConnections();
    await server.close();
  };
  return { standIn, carrier, config, server, edge, publicUrl, port, lines, dial, stop };
}

import { createHttpServer, createLog, type HttpServer } from '@earshot/runtime';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { IncomingCall } from '../../ports.ts';
import { createCallRecorder } from '../testing/call-recorder.ts';
import { testLine } from '../testing/line.ts';
import { registerLoopbackIncoming } from './incoming-route.ts';
import { createLoopbackCarrier, type LoopbackCarrier } from './loopback-carrier.ts';

const LINES = [testLine(), testLine({ lineId: 'lin_phone', carrier: 'twilio' })];
const log = createLog({ service: 'test', level: 'silent' });
let server: HttpServer;
let url: string;
let carrier: LoopbackCarrier;
let calls: IncomingCall[];
let keyLine: string | null;

beforeEach(async () => {
  calls = [];
  keyLine = null;
  carrier = createLoopbackCarrier({
    log,
    takeIncoming: (call) => {
      calls.push(call);
      return Promise.resolve(createCallRecorder('call_1'));
    },
  });
  const principal = { tenant: 'clinic', keyId: 'key_1', subject: 'key_1', test: false };
  server = await createHttpServer({
    log,
    authenticator: {
      authenticate: () => Promise.resolve({ ...principal, line: keyLine }),
      recognises: () => true,
    },
  });
  registerLoopbackIncoming(server, {
    carrier,
    lines: {
      readLine: (tenant, lineId) =>
        Promise.resolve(LINES.find((line) => line.tenant === tenant && line.lineId === lineId) ?? null),
      listLines: () => Promise.resolve(LINES),
    },
  });
  url = await server.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await carrier.close();
  await server.close();
});

const simulate = (body: Record<string, string>) =>
  fetch(`${url}/v1/loopback/calls`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', connection: 'close' },
  });

describe('POST /v1/loopback/calls', () => {
  it('lets a call come in on a line of the caller', async () => {
    const answer = await simulate({ lineId: 'lin_front', from: '+15550199', behaviour: 'loop:tone?ring=5s' });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toEqual({ callId: 'call_1' });
    expect(calls).toEqual([expect.objectContaining({ tenant: 'clinic', line: LINES[0], peer: '+15550199' })]);
  });

  it('lets in an echo from a number of its own when nothing is said', async () => {
    expect((await simulate({ lineId: 'lin_front' })).status).toBe(201);
    expect(calls[0]?.peer).toBe('+15550100');
  });

  it('refuses lines of others, of other keys and of other carriers, and behaviour that means nothing', async () => {
    const unknown = await simulate({ lineId: 'lin_foreign' });
    const elsewhere = await simulate({ lineId: 'lin_phone' });
    const senseless = await simulate({ lineId: 'lin_front', behaviour: 'loop:dance' });
    keyLine = 'lin_phone';
    const otherKey = await simulate({ lineId: 'lin_front' });
    expect([unknown, elsewhere, senseless, otherKey].map((answer) => answer.status)).toEqual([
      404, 400, 400, 404,
    ]);
    expect(calls).toEqual([]);
  });
});

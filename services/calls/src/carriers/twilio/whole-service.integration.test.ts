import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  freePort,
  startRedis,
  type TemporaryFolder,
  type TestRedis,
  temporaryFolder,
  until,
} from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { type CallsApp, createCallsApp } from '../../app.ts';
import { readCallsConfig } from '../../config.ts';
import { startTwilioStandIn, type TwilioStandIn } from './testing/twilio-stand-in.ts';

const KEY = `msa_live_${'k'.repeat(43)}`;
const Call = z.object({ data: z.object({ callId: z.string(), state: z.string() }).loose() });
const LINE = '/api/v1/sessions/lin_phone';

let redis: TestRedis;
let folder: TemporaryFolder;
let standIn: TwilioStandIn;
let app: CallsApp;
let origin: string;

beforeAll(async () => {
  [redis, folder, standIn] = await Promise.all([startRedis(), temporaryFolder(), startTwilioStandIn()]);
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  const carriers = join(folder.path, 'carriers.json');
  const { accountSid, authToken, baseUrl } = standIn;
  await writeFile(carriers, JSON.stringify({ phone: { kind: 'twilio', accountSid, authToken, baseUrl } }));
  app = await createCallsApp(
    readCallsConfig({
      REDIS_URL: redis.url,
      EARSHOT_OBJECT_STORE: `file:${folder.path}/objects`,
      EARSHOT_JOURNAL_DIR: `${folder.path}/journal`,
      EARSHOT_JOURNAL_DURABILITY: 'os',
      EARSHOT_JOURNAL_RESERVE_BYTES: '0',
      EARSHOT_JOURNAL_LOW_WATER_BYTES: '0',
      EARSHOT_TOKEN_SECRET: 'whole whole whole whole whole whole',
      EARSHOT_BOOTSTRAP_KEY: KEY,
      EARSHOT_CALLS_PORT: String(port),
      EARSHOT_CALLS_PUBLIC_ORIGIN: origin,
      EARSHOT_CARRIERS: carriers,
      LOG_LEVEL: 'silent',
    }),
  );
  await app.start();
  const line = { lineId: 'lin_phone', name: 'phone', number: '+15550111', carrier: 'phone', record: true };
  expect((await api('/v1/lines', line)).status).toBe(201);
}, 60_000);

afterAll(async () => {
  await app.close();
  await standIn.close();
  await redis.stop();
  await folder.remove();
});

const api = (path: string, body?: unknown): Promise<Response> =>
  fetch(origin + path, {
    headers: { 'x-api-key': KEY, 'content-type': 'application/json', connection: 'close' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
const callOf = async (answer: Response) => Call.parse(await answer.json()).data;
const see = async (callId: string) => callOf(await api(`${LINE}/calls/${callId}`));
const reach = (callId: string, state: string) =>
  until(async () => (await see(callId)).state === state, { timeoutMs: 10_000 });

async function listen(callId: string) {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}${LINE}/calls/${callId}/media`, {
    headers: { authorization: `Bearer ${KEY}` },
  });
  let samples = 0;
  let loudest = 0;
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) return;
    for (let at = 0; at + 4 <= data.length; at += 4)
      loudest = Math.max(loudest, Math.abs(data.readFloatLE(at)));
    samples += data.length / 4;
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const talk = (tone: Float32Array): void => socket.send(Buffer.from(tone.buffer));
  return { socket, talk, samples: () => samples, loudest: () => loudest };
}

describe('the calls service with Twilio', () => {
  it('places a call, carries both voices over its stream, and ends with the peer', async () => {
    standIn.script = { answer: 'answer', ringMs: 300 };
    const { callId } = await callOf(await api(`${LINE}/calls`, { to: '+15550123' }));
    await reach(callId, 'active');
    const call = standIn.calls.at(-1)!;
    const client = await listen(callId);
    call.stream!.speak(Int16Array.from({ length: 8000 }, (_, at) => Math.round(12_000 * Math.sin(at / 2))));
    client.talk(Float32Array.from({ length: 8000 }, (_, at) => 0.5 * Math.sin(at / 8)));
    await until(() => client.loudest() > 0.3 && client.samples() > 16_000, { timeoutMs: 10_000 });
    await until(() => call.stream!.heard.some((sample) => Math.abs(sample) > 10_000), { timeoutMs: 10_000 });
    expect(call.stream!.violations).toEqual([]);
    call.hangUp();
    await reach(callId, 'ended');
    const answer = await api(`/api/v1/sessions/lin_phone/calls/${callId}`);
    expect(JSON.stringify(await answer.json())).toContain('peer_hangup');
    client.socket.terminate();
  });

  it('hears that a number is busy, and hangs up a call at Twilio', async () => {
    standIn.script = { answer: 'busy', ringMs: 0 };
    const busy = await callOf(await api(`${LINE}/calls`, { to: '+15550124' }));
    await reach(busy.callId, 'ended');
    standIn.script = { answer: 'answer', ringMs: 50 };
    const { callId } = await callOf(await api(`${LINE}/calls`, { to: '+15550125' }));
    await reach(callId, 'active');
    expect((await api(`${LINE}/calls/${callId}/end`, {})).status).toBeLessThan(300);
    await until(() => standIn.calls.at(-1)?.status === 'completed', { timeoutMs: 10_000 });
    await until(() => standIn.requests.at(-1)?.fields.get('Status') === 'completed', { timeoutMs: 10_000 });
  });

  it('finds a call by the id that Twilio gave it, and answers 502 when Twilio cannot place one', async () => {
    const { sid } = standIn.calls.at(-1)!;
    expect((await see(sid)).state).toBe('ended');
    standIn.faults.push({ kind: 'answer', status: 500, body: 'internal words' });
    const failed = await api(`${LINE}/calls`, { to: '+15550126' });
    expect(failed.status).toBe(502);
    expect(await failed.text()).not.toContain('internal words');
  });
});

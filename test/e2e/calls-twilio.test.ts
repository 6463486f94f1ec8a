import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createResampler, decodeMulaw, encodeMulaw } from '@earshot/audio';
import { createCallsApp, readCallsConfig } from '@earshot/calls-service';
import { startTwilioStandIn, type TwilioStandIn } from '@earshot/calls-service/testing';
import { freePort, type TemporaryFolder, temporaryFolder, until } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { type Rig, startRig } from '../rig/earshot.ts';
import { holds, risingTone, worstError } from '../rig/telephony/likeness.ts';
import { type LineClient, lineClient } from '../rig/telephony/line-client.ts';
import type { Platform } from '../rig/telephony/platforms.ts';
import { dialStream } from '../rig/telephony/stream-socket.ts';

const Placed = z.object({ id: z.string(), externalCallId: z.string().nullable() });
const PilotCall = z.object({ status: z.string(), externalCallId: z.string().nullable() });
type StandInCall = TwilioStandIn['calls'][number];

const patient = { timeoutMs: 20_000, intervalMs: 50 };
const PHONE: Platform = {
  ...{ name: 'phone', tape: 'twilio.both-tracks', wayBack: 'twilio.mulaw' },
  ...{ codec: 'mulaw', sampleRate: 8000, carrier: {} },
  proof: (url) => ({ 'x-twilio-signature': signed(url, standIn.authToken) }),
};

let rig: Rig;
let folder: TemporaryFolder;
let standIn: TwilioStandIn;
/** With the key of the line alone. */
let phone: LineClient;

beforeAll(async () => {
  [folder, standIn] = await Promise.all([temporaryFolder(), startTwilioStandIn()]);
  const { accountSid, authToken, baseUrl } = standIn;
  const carriers = join(folder.path, 'carriers.json');
  await writeFile(carriers, JSON.stringify({ twilio: { kind: 'twilio', accountSid, authToken, baseUrl } }));
  const port = await freePort();
  rig = await startRig({
    calls: true,
    env: {
      EARSHOT_CARRIERS: carriers,
      EARSHOT_CALLS_PORT: String(port),
      EARSHOT_CALLS_PUBLIC_ORIGIN: `http://127.0.0.1:${port}`,
    },
  });
  const owner = lineClient(rig.callsOrigin, 'lin_phone', rig.key);
  const line = { lineId: 'lin_phone', name: 'phone', number: '+15550111', carrier: 'twilio' };
  expect((await owner.post('/v1/lines', line)).status).toBe(201);
  const { key } = z
    .object({ key: z.string() })
    .parse(await (await owner.post('/v1/lines/lin_phone/key')).json());
  phone = lineClient(rig.callsOrigin, 'lin_phone', key);
}, 60_000);

afterAll(async () => {
  await rig.stop();
  await standIn.close();
  await folder.remove();
});

const signed = (text: string, token: string): string =>
  createHmac('sha1', token).update(text).digest('base64');

async function place(): Promise<{ id: string; call: StandInCall }> {
  const answer = await phone.post('/v1/calls', { to: '+15550123' });
  expect(answer.status).toBeLessThan(300);
  const { id } = Placed.parse(await answer.json());
  const call = standIn.calls.at(-1);
  if (call === undefined) throw new Error('the order did not come');
  return { id, call };
}

async function connected(): Promise<{ id: string; call: StandInCall }> {
  const placed = await place();
  await until(async () => (await pilot(placed.id)).status === 'ACCEPTED', patient);
  return placed;
}

const pilot = async (id: string) => PilotCall.parse(await (await phone.ask(`/v1/calls/${id}`)).json());

/** What the other end of an 8 kHz line makes of it. */
function resampled(samples: Int16Array, from: number, to: number): Int16Array {
  const resampler = createResampler(from, to);
  return Int16Array.from([...resampler.push(samples), ...resampler.flush()]);
}

describe('a call placed through Twilio', () => {
  it('is heard on both sides and recorded, and ends when the person hangs up', async () => {
    const { id, call } = await connected();
    expect(await pilot(id)).toEqual({ status: 'ACCEPTED', externalCallId: call.sid });
    const client = await phone.join(id);
    const voice = risingTone(8000, 0.5);
    call.stream!.speak(voice);
    const spoken = resampled(decodeMulaw(encodeMulaw(voice)), 8000, 16_000).subarray(160, -160);
    await until(() => holds(client.heard(), spoken), { ...patient, what: 'the peer, at the client' });
    const speech = risingTone(16_000, 0.5);
    await client.talk(speech);
    const wanted = resampled(speech, 16_000, 8000);
    await until(() => worstError(call.stream!.heard, wanted) < 1, {
      ...patient,
      what: 'the client, at Twilio',
    });
    expect(call.stream!.violations).toEqual([]);
    call.hangUp();
    expect(await phone.ended(id)).toMatchObject({ endReason: 'peer_hangup', direction: 'outgoing' });
    expect([await client.closed, (await pilot(id)).status]).toEqual([1000, 'COMPLETED']);
    // Each step was reported by a signed callback: initiated, ringing, answered, completed.
    await until(() => call.callbackAnswers.length === 4, patient);
    expect(call.callbackAnswers).toEqual([204, 204, 204, 204]);
    const recordings = await phone.recordings(id);
    expect(new Set([...recordings.values()].map(({ length }) => length)).size).toBe(1);
    expect(holds(recordings.get('outbound')!, speech)).toBe(true);
    const loud = (sound: Int16Array): number => sound.filter((sample) => Math.abs(sample) > 4000).length;
    expect(loud(recordings.get('inbound')!) / loud(spoken)).toBeGreaterThan(0.9);
  }, 90_000);

  it('is ended at Twilio when the client hangs up', async () => {
    const { id, call } = await connected();
    expect((await phone.post(`/v1/calls/${id}/terminate`)).status).toBe(200);
    const calls = `/2010-04-01/Accounts/${standIn.accountSid}/Calls`;
    const order = () => standIn.requests.find(({ path }) => path === `${calls}/${call.sid}.json`);
    expect((await until(order, patient)).fields.get('Status')).toBe('completed');
    await until(() => call.status === 'completed', patient);
    expect(await phone.ended(id)).toMatchObject({ endReason: 'hangup' });
  }, 60_000);

  it.each([
    ['busy', 'busy', 'REJECTED'],
    ['no-answer', 'no_answer', 'MISSED'],
    ['failed', 'failed', 'FAILED'],
  ] as const)('that comes to nothing (%s) says so', async (answer, endReason, status) => {
    standIn.script = { answer, ringMs: 50 };
    const { id } = await place();
    expect(await phone.ended(id)).toMatchObject({ endReason, connectedAt: null });
    expect((await pilot(id)).status).toBe(status);
    standIn.script = { answer: 'answer', ringMs: 50 };
  });
});

describe('a server that Twilio could reach in the clear only', () => {
  it.each(['http://calls.example', undefined])('does not start (%s)', async (origin) => {
    const config = readCallsConfig({
      ...rig.env,
      EARSHOT_CALLS_PORT: '0',
      EARSHOT_CALLS_PUBLIC_ORIGIN: origin,
      EARSHOT_JOURNAL_DIR: join(folder.path, 'journal'),
    });
    await expect(createCallsApp(config)).rejects.toThrow('EARSHOT_CALLS_PUBLIC_ORIGIN with https');
  });
});

describe('what is not from Twilio', () => {
  it('cannot take over the audio of a call, nor bring one', async () => {
    const { id, call } = await connected();
    const path = '/carriers/media-streams/lin_phone';
    const own = `${rig.callsOrigin.replace('http', 'ws')}${path}`;
    const forgeries = [
      null,
      'c2lnbmF0dXJl',
      signed(own, 'another-token'),
      signed(`${own}2`, standIn.authToken),
      signed(`wss://elsewhere.example${path}`, standIn.authToken),
    ];
    for (const forgery of forgeries) {
      const proof: Record<string, string> = forgery === null ? {} : { 'x-twilio-signature': forgery };
      await expect(dialStream(PHONE, { origin: rig.callsOrigin, proof })).rejects.toThrow('401');
    }
    expect((await pilot(id)).status).toBe('ACCEPTED');
    expect(call.stream!.isOpen).toBe(true);
    call.hangUp();
    await phone.ended(id);
    const again = await dialStream(PHONE, { origin: rig.callsOrigin });
    const customParameters = { earshotCallId: id };
    again.say([
      JSON.stringify({ event: 'start', start: { streamSid: 'MZ1', callSid: call.sid, customParameters } }),
    ]);
    expect(await again.closed).toBe(1008);
    expect((await phone.see(id)).state).toBe('ended');
  }, 60_000);

  it('cannot tell the state of a call', async () => {
    const { id, call } = await connected();
    const target = call.fields.get('StatusCallback') ?? '';
    expect(await call.report('completed', 'another-token')).toBe(403);
    const fields = { CallSid: call.sid, CallStatus: 'completed' };
    const signature = signed(`${target}CallSid${call.sid}CallStatuscompleted`, standIn.authToken);
    const post = (url: string, body: Record<string, string>, headers: Record<string, string>) =>
      fetch(url, { method: 'POST', body: new URLSearchParams(body), headers }).then(({ status }) => status);
    const header = { 'x-twilio-signature': signature };
    expect(await post(target, fields, {})).toBe(403);
    expect(await post(target, { ...fields, CallStatus: 'busy' }, header)).toBe(403);
    expect(await post(target.replace(/call=.*/, 'call=call_other'), fields, header)).toBe(403);
    expect((await pilot(id)).status).toBe('ACCEPTED');
    expect(await post(target, fields, header)).toBe(204);
    expect(await phone.ended(id)).toMatchObject({ endReason: 'peer_hangup' });
  }, 60_000);
});

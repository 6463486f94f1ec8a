import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { PilotEventBody, StandardEventBody, ThinData } from '@earshot/protocol';
import {
  startRedis,
  type TemporaryFolder,
  type TestRedis,
  temporaryFolder,
  until,
} from '@earshot/test-support';
import { createScriptedEngine } from '@earshot/transcription/testing';
import { createWorkerApp, readWorkerConfig, type WorkerApp } from '@earshot/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { type Answer, type EventBench, LINE, startEventBench } from './testing/event-bench.ts';

interface Delivery {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

let redis: TestRedis;
let folder: TemporaryFolder;
let bench: EventBench;
let worker: WorkerApp;
let receiver: Server;
let origin: string;
let deliveries: Delivery[] = [];
let status = 204;
let calls = 0;

beforeAll(async () => {
  redis = await startRedis({ appendonly: true });
  folder = await temporaryFolder();
  bench = await startEventBench({ redisUrl: redis.url, folder: folder.path });
  const engine = createScriptedEngine({ script: () => 'confidential words' });
  worker = await createWorkerApp(
    readWorkerConfig({
      REDIS_URL: redis.url,
      EARSHOT_OBJECT_STORE: `file:${folder.path}`,
      EARSHOT_WEBHOOK_ALLOW_INSECURE: 'true',
      LOG_LEVEL: 'silent',
    }),
    { engines: { lite: engine, pro: engine } },
  );
  await worker.start();
  receiver = createServer((request, response) => {
    void text(request).then((body) => {
      deliveries.push({ path: request.url ?? '', headers: plain(request.headers), body });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
}, 60_000);
afterAll(async () => {
  await worker.close();
  await bench.stop();
  await redis.stop();
  await folder.remove();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
}, 60_000);
beforeEach(() => {
  deliveries = [];
  status = 204;
});

const plain = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

const ask = (method: string, path: string, body?: object): Promise<Answer> =>
  bench.ask(method, path, body === undefined ? {} : { body });

/** Announces the end of a new call; its id. */
function endCall(): string {
  calls += 1;
  const callId = `call_${String(calls).padStart(26, '0')}`;
  bench.announcer({
    type: 'call.ended',
    tenant: 'clinic',
    lineId: LINE,
    callId,
    data: { state: 'ended', reason: 'peer_hangup', durationMs: 4200 },
  });
  return callId;
}

describe('a call event', () => {
  it('reaches a WADial receiver in its shape, verified by the reference library and by hand', async () => {
    const made = await ask('POST', '/api/v1/webhooks', { url: `${origin}/wadial`, events: ['call.ended'] });
    const { secret, id } = made.body.data;
    const callId = endCall();
    await until(() => deliveries.length === 1, { timeoutMs: 15_000 });
    const { headers, body } = deliveries[0]!;
    const payload = StandardEventBody.strict().parse(new Webhook(secret).verify(body, headers));
    expect(payload).toMatchObject({ id: `evt-${callId}-call-ended`, type: 'call.ended', sessionId: LINE });
    expect(ThinData.parse(payload.data)).toEqual({
      callId,
      state: 'ended',
      reason: 'peer_hangup',
      durationMs: 4200,
    });
    expect(headers['wadial-event-id']).toBe(payload.id);
    expect(headers['wadial-event-type']).toBe('call.ended');
    for (const name of ['wadial-signature', 'x-msa-signature']) {
      const [, t = '', v1 = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers[name] ?? '') ?? [];
      expect(v1).toBe(createHmac('sha256', secret).update(`${t}.${body}`).digest('hex'));
    }
    expect((await ask('DELETE', `/api/v1/webhooks/${id}`)).status).toBe(204);
  });

  it('reaches a Pilot receiver in its envelope, and is in the log with each attempt', async () => {
    const made = await ask('POST', '/v1/webhooks', { url: `${origin}/pilot`, events: ['*'] });
    const { secret, id } = made.body;
    status = 500;
    const callId = endCall();
    await until(() => deliveries.length === 1, { timeoutMs: 15_000 });
    status = 204;
    await until(() => deliveries.length === 2, { timeoutMs: 20_000 });
    for (const { headers, body } of deliveries) {
      const payload = PilotEventBody.parse(new Webhook(secret).verify(body, headers));
      expect(payload).toMatchObject({ event: 'call.ended', whatsappNumberId: LINE, schemaVersion: 3 });
      expect(payload.data).toMatchObject({ id: `evt-${callId}-call-ended`, callId });
    }
    await until(async () => (await ask('GET', `/v1/webhooks/${id}/logs`)).body.logs.length === 2);
    const { body } = await ask('GET', `/v1/webhooks/${id}/logs`);
    expect(body.logs).toMatchObject([
      { event: 'call.ended', attempt: 2, outcome: 'delivered', statusCode: 204, replay: false },
      { event: 'call.ended', attempt: 1, outcome: 'retrying', statusCode: 500, replay: false },
    ]);
    expect(body.logs[0]!.id).toBe(body.logs[1]!.id);
    expect((await ask('GET', `/v1/webhooks/${id}/logs?limit=1`)).body.logs).toHaveLength(1);
    expect((await ask('GET', `/v1/webhooks/${id}/logs?event=call.missed`)).body.logs).toEqual([]);
    for (const query of ['limit=0', 'limit=51', 'event=nothing'])
      expect((await ask('GET', `/v1/webhooks/${id}/logs?${query}`)).status).toBe(400);
    expect((await ask('GET', `/v1/webhooks/${id}`)).body.lastTriggered).toBe(body.logs[0]!.createdAt);
  }, 60_000);

  it('can be delivered again: the same event, another delivery, a new signature', async () => {
    const { id } = (await ask('POST', '/v1/webhooks', { url: `${origin}/again`, events: ['call.ended'] }))
      .body;
    endCall();
    const ours = (): Delivery[] => deliveries.filter(({ path }) => path === '/again');
    await until(async () => (await ask('GET', `/v1/webhooks/${id}/logs`)).body.logs.length === 1, {
      timeoutMs: 15_000,
    });
    const [logged] = (await ask('GET', `/v1/webhooks/${id}/logs`)).body.logs;
    const replayed = await ask('POST', `/v1/webhooks/${id}/logs/${logged!.id}/replay`);
    expect(replayed).toMatchObject({ status: 202, body: { success: true, eventId: logged!.eventId } });
    await until(() => ours().length === 2, { timeoutMs: 15_000 });
    const [first, second] = ours();
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    await until(async () => (await ask('GET', `/v1/webhooks/${id}/logs`)).body.logs.length === 2);
    const { logs } = (await ask('GET', `/v1/webhooks/${id}/logs`)).body;
    expect(logs[0]).toMatchObject({ id: replayed.body.id, replay: true, eventId: logged!.eventId });
    const chained = await ask('POST', `/v1/webhooks/${id}/logs/${replayed.body.id}/replay`);
    expect(chained.body.id).not.toBe(replayed.body.id);
    expect(await ask('POST', `/v1/webhooks/${id}/logs/dlv_none/replay`)).toMatchObject({
      status: 404,
      body: { code: 'DELIVERY_NOT_FOUND' },
    });
    await ask('PATCH', `/v1/webhooks/${id}`, { active: false });
    expect((await ask('POST', `/v1/webhooks/${id}/logs/${logged!.id}/replay`)).status).toBe(400);
    await ask('DELETE', `/v1/webhooks/${id}`);
    expect(await bench.deliveries.list({ tenant: 'clinic', webhookId: id }, { limit: 10 })).toEqual([]);
  }, 60_000);

  it('answered 410 turns its webhook off, until it is turned on again', async () => {
    const { id } = (await ask('POST', '/v1/webhooks', { url: `${origin}/gone`, events: ['call.ended'] }))
      .body;
    status = 410;
    endCall();
    await until(async () => !(await ask('GET', `/v1/webhooks/${id}`)).body.active, {
      timeoutMs: 15_000,
    });
    await until(async () => (await ask('GET', `/v1/webhooks/${id}/logs`)).body.logs.length === 1);
    expect((await ask('GET', `/v1/webhooks/${id}/logs`)).body.logs).toMatchObject([{ outcome: 'gone' }]);
    expect((await ask('PATCH', `/v1/webhooks/${id}`, { active: true })).body.active).toBe(true);
  }, 60_000);
});

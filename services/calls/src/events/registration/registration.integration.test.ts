import { startRedis, type TemporaryFolder, type TestRedis, temporaryFolder } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EventBench, LINE, OTHER_LINE, startEventBench } from '../testing/event-bench.ts';

let redis: TestRedis;
let folder: TemporaryFolder;
let bench: EventBench;
const url = 'http://127.0.0.1:9/hook';

beforeAll(async () => {
  redis = await startRedis();
  folder = await temporaryFolder();
  bench = await startEventBench({ redisUrl: redis.url, folder: folder.path });
});
afterAll(async () => {
  await bench.stop();
  await redis.stop();
  await folder.remove();
});

const ask: EventBench['ask'] = (...of) => bench.ask(...of);

describe('Pilot registration', () => {
  it('makes a webhook for the number of the key, and tells its secret once', async () => {
    const made = await ask('POST', '/v1/webhooks', { body: { url, name: 'Desk', events: ['call.ended'] } });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      tenantId: 'clinic',
      name: 'Desk',
      url,
      environment: 'LIVE',
      active: true,
      events: ['call.ended'],
      whatsappNumberIds: [LINE],
      lastTriggered: null,
    });
    expect(Buffer.from(made.body.secret.replace('whsec_', ''), 'base64')).toHaveLength(32);
    const shown = await ask('GET', `/v1/webhooks/${made.body.id}`);
    const { secret, ...rest } = made.body;
    expect(shown).toEqual({ status: 200, body: rest });
    const list = await ask('GET', '/v1/webhooks');
    expect(list.body.webhooks).toContainEqual(rest);
    expect(JSON.stringify(list.body)).not.toContain(secret);
    expect((await bench.archive.readWebhook('clinic', made.body.id))?.secret).toBe(secret);
  });

  it('takes an empty list, "*", and leaves out names that are no events of ours', async () => {
    const of = async (events: string[]) =>
      (await ask('POST', '/v1/webhooks', { body: { url, events } })).body.events;
    expect(await of([])).toEqual([]);
    expect(await of(['*'])).toEqual(['*']);
    expect(await of(['call.ended', 'message.received', 'call.ended', 'calls'])).toEqual(['call.ended']);
  });

  it('changes what is given, the whole list of events at a time', async () => {
    const { body } = await ask('POST', '/v1/webhooks', {
      body: { url, events: ['call.ended', 'call.missed'] },
    });
    const changed = await ask('PATCH', `/v1/webhooks/${body.id}`, { body: { events: ['*'], active: false } });
    expect(changed.body).toMatchObject({ events: ['*'], active: false, url, createdAt: body.createdAt });
    const again = await ask('PATCH', `/v1/webhooks/${body.id}`, {
      body: { name: 'B', active: true, events: [] },
    });
    expect(again.body).toMatchObject({ events: [], active: true, name: 'B' });
    expect((await ask('DELETE', `/v1/webhooks/${body.id}`)).body).toEqual({ success: true });
    expect(await ask('GET', `/v1/webhooks/${body.id}`)).toMatchObject({
      status: 404,
      body: { code: 'WEBHOOK_NOT_FOUND' },
    });
  });

  it('makes a new secret, and remembers the old one for a day', async () => {
    const { body } = await ask('POST', '/v1/webhooks', {
      body: { url, events: ['*'], secret: 'my-own-secret' },
    });
    expect(body.secret).toBe('my-own-secret');
    const rotated = await ask('POST', `/v1/webhooks/${body.id}/rotate-secret`);
    expect(rotated.body.secret).toMatch(/^whsec_/);
    const record = await bench.archive.readWebhook('clinic', body.id);
    expect(record).toMatchObject({
      secret: rotated.body.secret,
      previousSecret: { secret: 'my-own-secret' },
    });
    const hours = (Date.parse(record?.previousSecret?.until ?? '') - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(23.9);
    expect(hours).toBeLessThan(24.1);
  });

  it.each([
    ['no number from a tenant key', 'tenant', {}, {}, 400, 'NUMBER_REQUIRED'],
    ['a number that is not there', 'tenant', { whatsappNumberId: 'lin_none' }, {}, 404, 'NUMBER_NOT_FOUND'],
    ['a number that cannot be', 'tenant', { whatsappNumberId: '../x' }, {}, 404, 'NUMBER_NOT_FOUND'],
    ["another tenant's number", 'stranger', { whatsappNumberId: LINE }, {}, 404, 'NUMBER_NOT_FOUND'],
    ["a number that is not the key's", 'line', { whatsappNumberId: OTHER_LINE }, {}, 400, 'NUMBER_MISMATCH'],
    [
      'two different numbers',
      'tenant',
      { whatsappNumberId: LINE },
      { 'x-whatsapp-number-id': OTHER_LINE },
      400,
      'NUMBER_MISMATCH',
    ],
    ['no events', 'line', { events: undefined }, {}, 400, undefined],
    ['no web address', 'line', { url: 'ftp://example.org/' }, {}, 400, 'INVALID_REQUEST'],
    ['credentials in the address', 'line', { url: 'https://a:b@example.org/' }, {}, 400, 'INVALID_REQUEST'],
    ['our own address', 'line', { url: 'http://earshot.test:8081/v1/calls' }, {}, 400, 'INVALID_REQUEST'],
    ['a short secret', 'line', { secret: 'short' }, {}, 400, undefined],
  ] as const)('refuses %s', async (_what, key, change, headers, status, code) => {
    const body = { url, events: ['*'], ...change };
    const answer = await ask('POST', '/v1/webhooks', { body, key: bench.keys[key], headers });
    expect(answer.status).toBe(status);
    expect(typeof answer.body.error).toBe('string');
    if (code !== undefined) expect(answer.body.code).toBe(code);
    if (code === 'NUMBER_REQUIRED') expect(answer.body.error).toContain('whatsappNumberId');
  });

  it('keeps the webhooks of lines, tenants and faces apart', async () => {
    const whole = bench.keys.tenant;
    const body = { url, events: ['*'], whatsappNumberId: OTHER_LINE };
    const made = await ask('POST', '/v1/webhooks', { body, key: whole });
    const path = `/v1/webhooks/${made.body.id}`;
    expect((await ask('GET', path, { key: bench.keys.otherLine })).status).toBe(200);
    expect((await ask('GET', path, { key: whole })).status).toBe(200);
    for (const [method, below] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['GET', '/logs'],
      ['POST', '/rotate-secret'],
      ['POST', '/logs/dlv_1/replay'],
    ] as const)
      for (const key of [bench.keys.line, bench.keys.stranger]) {
        const sent = method === 'PATCH' ? { key, body: { name: 'x' } } : { key };
        expect(await ask(method, `${path}${below}`, sent)).toMatchObject({
          status: 404,
          body: { code: 'WEBHOOK_NOT_FOUND' },
        });
      }
    const ofLine = await ask('GET', '/v1/webhooks', {
      key: whole,
      headers: { 'x-whatsapp-number-id': OTHER_LINE },
    });
    expect(ofLine.body.webhooks.map((one: { id: string }) => one.id)).toEqual([made.body.id]);
    const wadial = await ask('GET', '/api/v1/webhooks', { key: whole });
    expect(JSON.stringify(wadial.body)).not.toContain(made.body.id);
    expect((await ask('DELETE', `/api/v1/webhooks/${made.body.id}`, { key: whole })).status).toBe(404);
  });
});

describe('WADial registration', () => {
  it('tells the secret once, lists, and deletes once', async () => {
    const made = await ask('POST', '/api/v1/webhooks', {
      body: { url, events: ['call.ended', 'call.ended'] },
    });
    expect(made).toMatchObject({
      status: 201,
      body: { data: { url, events: ['call.ended'], status: 'active' } },
    });
    const { secret, ...rest } = made.body.data;
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const list = await ask('GET', '/api/v1/webhooks');
    expect(list.body.data).toContainEqual(rest);
    expect(JSON.stringify(list.body)).not.toContain(secret);
    expect(await bench.archive.readWebhook('clinic', rest.id)).toMatchObject({
      style: 'standard',
      lineIds: [LINE],
    });
    expect((await ask('DELETE', `/api/v1/webhooks/${rest.id}`)).status).toBe(204);
    expect(await ask('DELETE', `/api/v1/webhooks/${rest.id}`)).toMatchObject({
      status: 404,
      body: { error: { code: 'webhook_not_found' } },
    });
  });

  it('with a key of the whole tenant is for all lines', async () => {
    const made = await ask('POST', '/api/v1/webhooks', {
      body: { url, events: ['*'] },
      key: bench.keys.tenant,
    });
    expect((await bench.archive.readWebhook('clinic', made.body.data.id))?.lineIds).toBeUndefined();
    const seen = await ask('GET', '/api/v1/webhooks');
    expect(JSON.stringify(seen.body)).not.toContain(made.body.data.id);
  });

  it.each([
    ['an empty list of events', { events: [] }],
    ['a name that is no event of ours', { events: ['message.received'] }],
    ['no address', { url: undefined }],
  ])('refuses %s', async (_what, change) => {
    const answer = await ask('POST', '/api/v1/webhooks', { body: { url, events: ['*'], ...change } });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      code: expect.stringMatching(/^(invalid_request|missing_required_field)$/),
    });
  });
});

describe('the API document', () => {
  it('tells every route of events, their bodies and their errors', async () => {
    const answer = await fetch(`${bench.origin}/openapi.json`);
    const document = (await answer.json()) as { paths: Record<string, Record<string, object>> };
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/v1/webhooks',
        '/v1/webhooks/{id}',
        '/v1/webhooks/{id}/rotate-secret',
        '/v1/webhooks/{id}/logs',
        '/v1/webhooks/{id}/logs/{deliveryId}/replay',
        '/api/v1/webhooks',
        '/api/v1/webhooks/{webhookId}',
        '/api/v1/events',
        '/api/v1/sessions/{sessionId}/events',
      ]),
    );
    expect(document.paths['/v1/webhooks']?.['post']).toMatchObject({
      requestBody: {
        content: { 'application/json': { schema: { required: expect.arrayContaining(['url', 'events']) } } },
      },
    });
    expect(JSON.stringify(document.paths['/api/v1/events'])).toContain('text/event-stream');
  });
});

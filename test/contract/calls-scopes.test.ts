import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeWav } from '@earshot/audio';
import { until } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { type Rig, startRig } from '../rig/earshot.ts';
import { keyOf } from '../rig/scribed.ts';
import {
  bodyOf,
  type CallOperation,
  type CallThings,
  callOperations,
  namesThings,
  ODD_IDS,
  pathOf,
  UNKNOWN,
} from '../rig/telephony/call-operations.ts';
import { lineClient } from '../rig/telephony/line-client.ts';

type Headers = Readonly<Record<string, string>>;

const LINE = 'lin_first';
const patient = { timeoutMs: 30_000, intervalMs: 100 };

let rig: Rig;
let hooks: Server;
let operations: CallOperation[];
let ours: CallThings;
/** The key of the line that everything belongs to, and its id. */
let own: { key: string; keyId: string };
/** Nobody of them may see or touch what is ours. */
let others: Readonly<Record<string, Headers>>;

beforeAll(async () => {
  hooks = createServer((_request, response) => response.writeHead(204).end()).listen(0, '127.0.0.1');
  await once(hooks, 'listening');
  rig = await startRig({ calls: true, env: { EARSHOT_TRUSTED_PROXIES: '127.0.0.1' } });
  operations = await callOperations(rig.callsOrigin);
  own = await keyOfLine(rig.key, LINE);
  expect((await client(rig.key).post('/v1/lines', { lineId: 'lin_second', name: 'second' })).status).toBe(
    201,
  );
  const rival = await keyOf(rig, 'rival');
  expect((await client(rival).post('/v1/lines', { lineId: 'lin_rival', name: 'theirs' })).status).toBe(201);
  others = {
    'another tenant': { 'x-api-key': rival },
    'a line of another tenant': { 'x-api-key': (await keyOfLine(rival, 'lin_rival')).key },
    'another tenant that names our key': { 'x-api-key': rival, 'x-api-key-id': own.keyId },
    'another line of the tenant': { 'x-api-key': (await keyOfLine(rig.key, 'lin_second')).key },
  };
  ours = await oneOfEverything();
}, 120_000);

afterAll(async () => {
  await rig.stop();
  hooks.close();
});

const client = (key: string) => lineClient(rig.callsOrigin, LINE, key);

async function keyOfLine(key: string, line: string): Promise<{ key: string; keyId: string }> {
  const answer = await client(key).post(`/v1/lines/${line}/key`);
  const made = z.object({ key: z.string() }).parse(await answer.json());
  const listed = await (await client(key).ask('/v1/api-keys')).text();
  const keyId = new RegExp(`"${line}"[^}]*"keyId":"([^"]+)"|"keyId":"([^"]+)"[^}]*"${line}"`).exec(listed);
  return { key: made.key, keyId: keyId?.[1] ?? keyId?.[2] ?? '' };
}

const Id = z.object({ id: z.string() });
const Made = z.object({ data: Id });

async function oneOfEverything(): Promise<CallThings> {
  const phone = client(own.key);
  const url = `http://127.0.0.1:${(hooks.address() as AddressInfo).port}/`;
  const pilot = await phone.post('/v1/webhooks', { url, events: ['*'] });
  const pilotWebhook = z.union([Id, Made.transform(({ data }) => data)]).parse(await pilot.json()).id;
  const wadial = await phone.post('/api/v1/webhooks', { url, events: ['call.ended'] });
  const webhook = Made.parse(await wadial.json()).data.id;
  const form = new FormData();
  form.set('audio', new File([encodeWav(new Int16Array(1600), 16_000)], 'a.wav', { type: 'audio/wav' }));
  const uploaded = await phone.ask('/api/v1/call-audio-assets', { method: 'POST', body: form });
  const asset = Made.parse(await uploaded.json()).data.id;
  const past = await placed('loop:tone?hz=440&hangup=1s');
  await phone.ended(past);
  await phone.recordings(past);
  const logs = async () => {
    const answer = await phone.ask(`/v1/webhooks/${pilotWebhook}/logs`);
    return z.object({ logs: z.array(Id) }).parse(await answer.json()).logs[0]?.id;
  };
  const delivery = await until(logs, { ...patient, what: 'a delivery' });
  const call = await placed('loop:silent');
  await until(async () => (await phone.see(call)).state === 'active', patient);
  const recording = `rec_${past.slice('call_'.length)}_mixed`;
  return { line: LINE, call, past, recording, asset, pilotWebhook, webhook, delivery };
}

async function placed(to: string): Promise<string> {
  return Id.parse(await (await client(own.key).post('/v1/calls', { to })).json()).id;
}

let asked = 0;

async function ask(operation: CallOperation, path: string, headers: Headers, things = UNKNOWN) {
  asked += 1;
  const body = bodyOf(operation, things);
  const answer = await fetch(`${rig.callsOrigin}${path}`, {
    method: operation.method,
    headers: {
      ...headers,
      // Each from an address of its own: one that guesses is held off after a while.
      'x-forwarded-for': `203.0.${113 + (asked >> 8)}.${asked & 255}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  });
  const streams = answer.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const text = streams ? '' : await answer.text();
  if (streams) await answer.body?.cancel();
  return { status: answer.status, text };
}

/** The answer about these things, in words that are the same for all. */
async function answerOn(operation: CallOperation, headers: Headers, things: CallThings) {
  const { status, text } = await ask(operation, pathOf(operation, things), headers, things);
  const bare = Object.entries(things).reduce(
    (words, [name, id]: [string, string]) => words.replaceAll(id, `<${name}>`),
    text,
  );
  return { operation: `${operation.method} ${operation.path}`, status, text: bare };
}

/** Assets are the tenant's, and every line of it may play them. */
const isShared = (who: string, { path }: CallOperation): boolean =>
  who === 'another line of the tenant' && path.includes('call-audio-assets');

describe('what is ours', () => {
  it('is there for its own keys, wherever it can be looked at', async () => {
    expect(operations.length).toBeGreaterThan(50);
    const named = operations.filter((operation) => namesThings(operation) && operation.isGuarded);
    expect(named.length).toBeGreaterThan(40);
    for (const operation of named.filter(({ method }) => method === 'GET')) {
      const answers = await Promise.all(
        [own.key, rig.key].map((key) => answerOn(operation, { 'x-api-key': key }, ours)),
      );
      expect([operation.path, answers.some(({ status }) => status === 200)]).toEqual([operation.path, true]);
    }
    const byName = await fetch(`${rig.callsOrigin}/v1/calls/${ours.call}`, {
      headers: { 'x-api-key': rig.key, 'x-api-key-id': own.keyId },
    });
    expect(byName.status).toBe(200);
  });

  it.each([
    'another tenant',
    'a line of another tenant',
    'another tenant that names our key',
    'another line of the tenant',
  ])(
    'is for %s as if it were nowhere',
    async (who) => {
      const headers = others[who]!;
      for (const operation of operations.filter(namesThings)) {
        if (isShared(who, operation)) continue;
        const foreign = await answerOn(operation, headers, ours);
        expect(foreign).toEqual(await answerOn(operation, headers, UNKNOWN));
        expect([foreign.operation, foreign.status >= 400 && foreign.status < 500]).toEqual([
          foreign.operation,
          true,
        ]);
      }
    },
    120_000,
  );

  it('is in no list that others get', async () => {
    const lists = operations.filter((operation) => operation.method === 'GET' && !namesThings(operation));
    expect(lists.length).toBeGreaterThan(7);
    for (const [who, headers] of Object.entries(others)) {
      for (const operation of lists.filter((one) => !isShared(who, one))) {
        const { status, text } = await ask(operation, operation.path, headers);
        expect([who, operation.path, status < 500]).toEqual([who, operation.path, true]);
        const seen = Object.values(ours).filter((id: string) => text.includes(id));
        expect([who, operation.path, seen]).toEqual([who, operation.path, []]);
      }
    }
  });

  it('is refused without a key, known or not', async () => {
    for (const operation of operations) {
      const known = await answerOn(operation, {}, ours);
      expect(known).toEqual(await answerOn(operation, {}, UNKNOWN));
      const refused = operation.isGuarded ? known.status === 401 : known.status >= 400 && known.status < 500;
      expect([known.operation, known.status, refused]).toEqual([known.operation, known.status, true]);
    }
  });

  it("is not reached by the tenant's key where a line's is needed, known or not", async () => {
    const headers = { 'x-api-key': rig.key };
    const ofLines = operations.filter(({ path }) => /^\/v1\/(calls|recordings)(\/|$)/.test(path));
    expect(ofLines.length).toBeGreaterThan(15);
    for (const operation of ofLines) {
      const known = await answerOn(operation, headers, ours);
      expect(known).toEqual(await answerOn(operation, headers, UNKNOWN));
      expect([known.operation, known.status]).toEqual([known.operation, 403]);
    }
  });

  it('has sockets that let nobody else in, and do not say that they are there', async () => {
    const sockets = ({ line, call }: CallThings) => [
      `/api/v1/sessions/${line}/calls/${call}/media`,
      `/api/v1/sessions/${line}/calls/${call}/media?mode=listen`,
      `/carriers/media-streams/${line}`,
    ];
    for (const [who, headers] of [...Object.entries(others), ['nobody', {}] as const]) {
      for (const [at, path] of sockets(ours).entries()) {
        const known = await upgrade(path, headers);
        expect([who, path, known]).toEqual([who, path, await upgrade(sockets(UNKNOWN)[at]!, headers)]);
        expect([who, path, known.status >= 400 && known.status < 500]).toEqual([who, path, true]);
      }
    }
  });

  it('is not reached by a link that was signed for something else', async () => {
    const link = await client(own.key).post(`/v1/recordings/${ours.recording}/link`);
    const { url } = z.object({ url: z.string() }).parse(await link.json());
    expect((await fetch(url)).status).toBe(200);
    const [tenant] = /tenant=[^&]*/.exec(url) ?? [''];
    const changes: [string | RegExp, string][] = [
      [ours.recording, ours.recording.replace('mixed', 'inbound')],
      [ours.recording, UNKNOWN.recording],
      [tenant, 'tenant=rival'],
      [/expires=\d+/, 'expires=9999999999'],
      [/signature=[^&]*/, 'signature=AAAA'],
    ];
    const answers = await Promise.all(
      changes.map(async ([from, to]) => {
        const answer = await fetch(url.replace(from, to));
        return `${answer.status} ${await answer.text()}`;
      }),
    );
    expect(answers[0]).toMatch(/^4/);
    expect(new Set(answers).size).toBe(1);
  });

  it('is as it was', async () => {
    const phone = client(own.key);
    expect(await phone.see(ours.call)).toMatchObject({ state: 'active', audioMuted: false });
    expect((await phone.recordings(ours.past)).size).toBe(3);
    const paths = [
      `/api/v1/call-audio-assets/${ours.asset}`,
      `/v1/webhooks/${ours.pilotWebhook}`,
      `/v1/recordings/${ours.recording}`,
    ];
    for (const path of paths) expect([path, (await phone.ask(path)).status]).toEqual([path, 200]);
    const hook = await (await phone.ask(`/v1/webhooks/${ours.pilotWebhook}`)).text();
    expect(hook).toContain('"active":true');
    expect(await (await phone.ask('/api/v1/webhooks')).text()).toContain(ours.webhook);
    expect((await client(rig.key).ask(`/v1/lines/${LINE}`)).status).toBe(200);
  });
});

describe('an id that is none', () => {
  it('is the fault of the caller, wherever it stands', async () => {
    for (const operation of operations.filter(({ path }) => path.includes('{'))) {
      const isOfLine = /^\/v1\/(calls|recordings)\//.test(operation.path);
      const headers = { 'x-api-key': isOfLine ? own.key : rig.key };
      for (const odd of ODD_IDS) {
        const path = operation.path.replace(/\{\w+\}/g, odd);
        const { status } = await ask(operation, path, headers);
        expect([operation.method, path, status >= 400 && status < 500]).toEqual([
          operation.method,
          path,
          true,
        ]);
      }
    }
  }, 120_000);
});

async function upgrade(path: string, headers: Headers): Promise<{ status: number; body: string }> {
  asked += 1;
  const from = { 'x-forwarded-for': `198.51.${100 + (asked >> 8)}.${asked & 255}` };
  const socket = new WebSocket(`${rig.callsOrigin.replace('http', 'ws')}${path}`, {
    headers: { ...headers, ...from },
  });
  socket.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    socket.once('open', () => reject(new Error(`${path} was opened`)));
    socket.once('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (piece: Buffer) => {
        body += piece.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
  });
}

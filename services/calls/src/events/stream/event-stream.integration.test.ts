import { StandardEventBody, sessionEvent } from '@earshot/protocol';
import {
  startRedis,
  type TemporaryFolder,
  type TestRedis,
  temporaryFolder,
  until,
} from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type EventBench, LINE, OTHER_LINE, startEventBench } from '../testing/event-bench.ts';
import { type EventClient, openEvents } from '../testing/event-client.ts';

const LINE_EVENTS = `/api/v1/sessions/${LINE}/events`;
const CALL = 'call_0123456789abcdefghijklmnop';

let redis: TestRedis;
let folder: TemporaryFolder;
let bench: EventBench;
const clients: EventClient[] = [];

beforeEach(async () => {
  redis = await startRedis();
  folder = await temporaryFolder();
  bench = await startEventBench({
    redisUrl: redis.url,
    folder: folder.path,
    times: { heartbeatMs: 150, recheckMs: 100, stallMs: 600 },
    bounds: { all: 3, perTenant: 2 },
  });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await bench.stop();
  await redis.stop();
  await folder.remove();
});

async function open(
  path = LINE_EVENTS,
  options: { key?: string; lastId?: string } = {},
): Promise<EventClient> {
  const { key = bench.keys.line, ...rest } = options;
  const client = await openEvents(`${bench.origin}${path}`, { key, ...rest });
  clients.push(client);
  return client;
}

const announce = (nonce: string, lineId = LINE, data: Record<string, unknown> = { digit: '5' }): void =>
  bench.announcer({ type: 'call.dtmf', tenant: 'clinic', lineId, callId: CALL, nonce, data });

const noncesOf = (client: EventClient): string[] =>
  client.events.map(({ data }) => (JSON.parse(data) as { id: string }).id.split('-').at(-1) ?? '');

describe('an event stream', () => {
  it('tells what happens on its line as it happens, and nothing of other lines', async () => {
    announce('before');
    await until(async () => (await bench.events.end({ tenant: 'clinic', lineId: LINE })) !== '0-0');
    const client = await open();
    expect(client.status).toBe(200);
    expect(client.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    announce('1');
    announce('2', OTHER_LINE);
    announce('3', LINE, { message: 'two\n\nlines' });
    await until(() => client.events.length === 2);
    expect(noncesOf(client)).toEqual(['1', '3']);
    const [first, last] = client.events;
    expect(first?.event).toBe('call.dtmf');
    expect(StandardEventBody.parse(JSON.parse(first?.data ?? ''))).toMatchObject({
      id: `evt-${CALL}-call-dtmf-1`,
      type: 'call.dtmf',
      sessionId: LINE,
      data: { callId: CALL, digit: '5' },
    });
    expect(JSON.parse(last?.data ?? '')).toMatchObject({ data: { message: 'two\n\nlines' } });
  });

  it('goes on where a client was, whether it had seen an event or not', async () => {
    const first = await open();
    announce('1');
    await until(() => first.events.length === 1);
    first.close();
    announce('2');
    announce('3');
    const second = await open(LINE_EVENTS, { lastId: first.lastId });
    await until(() => second.events.length === 2);
    expect(noncesOf(second)).toEqual(['2', '3']);
    second.close();
    const third = await open();
    third.close();
    announce('4');
    const fourth = await open(LINE_EVENTS, { lastId: third.lastId });
    await until(() => fourth.events.length === 1);
    expect(noncesOf(fourth)).toEqual(['4']);
  });

  it('says so when the place is not kept, and gives everything that is', async () => {
    announce('1');
    announce('2');
    for (const lastId of ['1-1', '99999999999999-0', 'evt-of-another-kind']) {
      const client = await open(LINE_EVENTS, { lastId });
      await until(() => client.events.length === 3);
      expect(client.events[0]?.event).toBe('reset');
      expect(client.events.slice(1).map(({ event }) => event)).toEqual(['call.dtmf', 'call.dtmf']);
      client.close();
      await until(() => client.ended !== null);
    }
    const all = await open(LINE_EVENTS, { lastId: '0-0' });
    await until(() => all.events.length === 2);
    expect(noncesOf(all)).toEqual(['1', '2']);
  });

  it('of the tenant tells sessions and all lines, and takes no key of a line', async () => {
    const client = await open('/api/v1/events', { key: bench.keys.tenant });
    const ref = { tenant: 'clinic', sessionId: 'ses_0123456789abcdef' };
    announce('1', OTHER_LINE);
    await bench.events.append(
      sessionEvent({ ref, event: 'session.completed', occurredAt: new Date().toISOString() }),
    );
    await until(() => client.events.length === 2);
    expect(client.events.map(({ event }) => event).sort()).toEqual(['call.dtmf', 'session.completed']);
    const session = client.events.find(({ event }) => event === 'session.completed');
    expect(JSON.parse(session?.data ?? '')).toMatchObject({ sessionId: ref.sessionId });
    const refused = await open('/api/v1/events');
    expect([refused.status, refused.text]).toEqual([
      403,
      expect.stringContaining('number_scope_not_allowed'),
    ]);
  });

  it('is not there for other lines, other tenants, or without a key', async () => {
    for (const [path, key, status] of [
      [`/api/v1/sessions/${OTHER_LINE}/events`, bench.keys.line, 404],
      [LINE_EVENTS, bench.keys.stranger, 404],
      ['/api/v1/sessions/lin_none/events', bench.keys.tenant, 404],
      ['/api/v1/sessions/ses_0123456789abcdef/events', bench.keys.tenant, 404],
      [LINE_EVENTS, 'sk_live_nobody', 401],
    ] as const) {
      expect((await open(path, { key })).status).toBe(status);
    }
    expect((await open(LINE_EVENTS, { key: bench.keys.tenant })).status).toBe(200);
    expect((await bench.ask('HEAD', LINE_EVENTS)).status).toBe(405);
  });

  it('is kept open by comments while nothing happens', async () => {
    const client = await open();
    await until(() => client.text.split(': still here\n\n').length > 3);
    expect(client.events).toEqual([]);
  });

  it('ends when its key is revoked, and not while keys cannot be checked', async () => {
    const client = await open();
    const other = await open(LINE_EVENTS, { key: bench.keys.tenant });
    bench.outage.keys = true;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect([client.ended, other.ended]).toEqual([null, null]);
    bench.outage.keys = false;
    await bench.keyring.revoke(bench.keyIds.line);
    await until(() => client.ended !== null);
    expect(client.ended).toBe('orderly');
    expect(other.ended).toBeNull();
    announce('1');
    await until(() => other.events.length === 1);
    expect((await open()).status).toBe(401);
  });
});

describe('the number of streams', () => {
  it('is bounded for a tenant and for the process, and places come free', async () => {
    const first = await open();
    await open(LINE_EVENTS, { key: bench.keys.tenant });
    const refused = await open();
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('5');
    const strangers = await open('/api/v1/events', { key: bench.keys.stranger });
    expect(strangers.status).toBe(200);
    expect((await open('/api/v1/events', { key: bench.keys.stranger })).status).toBe(503);
    first.close();
    await until(async () => {
      const again = await open();
      return again.status === 200;
    });
  });
});

describe('a reader that takes nothing', () => {
  it('is cut off, and others notice nothing', async () => {
    const slow = await open();
    const quick = await open(LINE_EVENTS, { key: bench.keys.tenant });
    slow.pause();
    const text = 'x'.repeat(500);
    const data = Object.fromEntries(Array.from({ length: 20 }, (_, field) => [`field${field}`, text]));
    const many = 900;
    for (let nonce = 0; nonce < many; nonce += 1) announce(String(nonce), LINE, data);
    await until(() => quick.events.length === many, { timeoutMs: 20_000 });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    slow.resume();
    await until(() => slow.ended !== null, { timeoutMs: 10_000 });
    expect(slow.ended).toBe('cut');
    expect(slow.events.length).toBeLessThan(many);
    const back = await open(LINE_EVENTS, { lastId: slow.lastId });
    await until(() => back.events.length + slow.events.length === many, { timeoutMs: 10_000 });
    expect(quick.ended).toBeNull();
  });
});

describe('the server', () => {
  it('ends streams in order when it closes, and does not wait for readers that take nothing', async () => {
    const client = await open();
    const slow = await open(LINE_EVENTS, { key: bench.keys.tenant });
    slow.pause();
    const started = performance.now();
    await bench.server.close();
    expect(performance.now() - started).toBeLessThan(8000);
    await until(() => client.ended === 'orderly');
  });
});

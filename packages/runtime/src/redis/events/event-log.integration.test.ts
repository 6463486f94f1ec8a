import { type EventRecord, LIMITS, sessionEvent } from '@earshot/protocol';
import { startRedis, type TestRedis, until } from '@earshot/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { connectRedis, redisReady } from '../connection.ts';
import { createEventLog, type EventLog } from './event-log.ts';
import { EVENT_LOG_START, type LoggedEvent } from './event-names.ts';

const LINE = { tenant: 'clinic', lineId: 'lin_front' };
const TENANT = { tenant: 'clinic', lineId: null };

let server: TestRedis;
let redis: Redis;
let log: EventLog;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  redis = connectRedis(server.url, { role: 'producer' });
  await redisReady(redis, 5000);
  log = createEventLog(redis);
});
afterEach(async () => {
  log.close();
  await server.flushAll();
  redis.disconnect();
});

function event(nonce: string | number, lineId: string | null = LINE.lineId): EventRecord {
  return {
    id: `evt-call_1-call-dtmf-${nonce}`,
    type: 'call.dtmf',
    tenant: 'clinic',
    lineId,
    occurredAt: '2026-01-01T00:00:00.000Z',
    data: { callId: 'call_1', digit: '5' },
  };
}

const ids = (logged: readonly LoggedEvent[]): string[] => logged.map((one) => one.event.id);

/** Follows into a list until the returned signal is aborted. */
function collect(place: typeof LINE | typeof TENANT, after: string) {
  const seen: LoggedEvent[] = [];
  let resets = 0;
  const stop = new AbortController();
  const ended = (async () => {
    for await (const one of log.follow(place, after, stop.signal)) {
      if (one === 'reset') resets += 1;
      else seen.push(one);
    }
  })();
  return { seen, stop, ended, resets: () => resets };
}

describe('the event log', () => {
  it('gives what was appended, in order, at the same places to the line and to its tenant', async () => {
    await log.append(event(1));
    await log.append(event(2, 'lin_other'));
    await log.append(
      sessionEvent({
        ref: { tenant: 'clinic', sessionId: 'ses_0123456789abcdef' },
        event: 'session.started',
        occurredAt: '2026-01-01T00:00:00.000Z',
      }),
    );
    await log.append(event(3));
    const line = await log.read(LINE, null, 10);
    const tenant = await log.read(TENANT, null, 10);
    expect(line.map((one) => one.event)).toEqual([event(1), event(3)]);
    expect(ids(tenant)).toEqual([
      event(1).id,
      event(2).id,
      'evt-ses_0123456789abcdef-session-started',
      event(3).id,
    ]);
    expect(line.map((one) => one.id)).toEqual([tenant[0]?.id, tenant[3]?.id]);
    expect(await log.read({ tenant: 'other', lineId: null }, null, 10)).toEqual([]);
  });

  it('takes an event that is announced again only once', async () => {
    expect(await log.append(event(1))).toBe(true);
    expect(await Promise.all([log.append(event(1)), log.append(event(1))])).toEqual([false, false]);
    expect(await log.read(LINE, null, 10)).toHaveLength(1);
  });

  it('reads on behind a place, and knows which places it still has', async () => {
    expect(await log.end(LINE)).toBe(EVENT_LOG_START);
    for (const nonce of [1, 2, 3]) await log.append(event(nonce));
    const [first, second, third] = await log.read(LINE, null, 10);
    expect(ids(await log.read(LINE, first?.id ?? '', 1))).toEqual([second?.event.id]);
    expect(await log.end(LINE)).toBe(third?.id);
    expect(await log.knows(LINE, second?.id ?? '')).toBe(true);
    expect(await log.knows(LINE, EVENT_LOG_START)).toBe(true);
    for (const unknown of ['1-1', 'evt-1', '', '-', '+', `${second?.id}x`, '9'.repeat(40)])
      expect(await log.knows(LINE, unknown)).toBe(false);
  });

  it('keeps a bounded number of events of a line', async () => {
    const many = LIMITS.maxEventsPerLine + 300;
    await Promise.all(Array.from({ length: many }, (_, nonce) => log.append(event(nonce))));
    const kept = await log.read(LINE, null, many);
    expect(kept.length).toBeGreaterThanOrEqual(LIMITS.maxEventsPerLine);
    expect(kept.length).toBeLessThan(LIMITS.maxEventsPerLine + 150);
    expect(kept.at(-1)?.event.id).toBe(event(many - 1).id);
    expect(await redis.ttl('earshot:{events/clinic}:line:lin_front')).toBeGreaterThan(6 * 86_400);
  });

  it('is followed without missing or repeating an event, and lets go when told', async () => {
    await log.append(event('before'));
    const { seen, stop, ended, resets } = collect(LINE, await log.end(LINE));
    for (let nonce = 0; nonce < 250; nonce += 1) await log.append(event(nonce));
    await until(() => seen.length === 250);
    expect(ids(seen)).toEqual(Array.from({ length: 250 }, (_, nonce) => event(nonce).id));
    expect(resets()).toBe(0);
    stop.abort();
    await ended;
    await log.append(event('after'));
    expect(seen).toHaveLength(250);
  });

  it('tells a follower that was too slow, or whose log was emptied, that it missed events', async () => {
    await log.append(event('first'));
    const stop = new AbortController();
    const slow = log.follow(LINE, await log.end(LINE), stop.signal)[Symbol.asyncIterator]();
    await log.append(event('second'));
    expect((await slow.next()).value).toMatchObject({ event: { id: event('second').id } });
    const many = LIMITS.maxEventsPerLine + 300;
    await Promise.all(Array.from({ length: many }, (_, nonce) => log.append(event(nonce))));
    expect((await slow.next()).value).toBe('reset');
    const [oldest] = await log.read(LINE, null, 1);
    expect((await slow.next()).value).toEqual(oldest);
    await server.flushAll();
    let next = await slow.next();
    while (next.value !== 'reset') next = await slow.next();
    await log.append(event('anew'));
    expect((await slow.next()).value).toMatchObject({ event: { id: event('anew').id } });
    stop.abort();
    expect((await slow.next()).done).toBe(true);
  });

  it('tells a follower at once', async () => {
    const { seen, stop, ended } = collect(TENANT, EVENT_LOG_START);
    await until(async () => (await redis.pubsub('NUMSUB', 'earshot:events:clinic'))[1] === 1);
    const started = performance.now();
    await log.append(event(1));
    await until(() => seen.length === 1);
    expect(performance.now() - started).toBeLessThan(4000);
    stop.abort();
    await ended;
  });
});

describe('while Redis is away', () => {
  it('nothing throws at who announces, readers are told, and followers go on when it is back', async () => {
    const { seen, stop, ended } = collect(LINE, EVENT_LOG_START);
    await log.append(event(1));
    await until(() => seen.length === 1);
    await server.kill();
    expect(await log.append(event(2))).toBe(false);
    await expect(log.read(LINE, null, 1)).rejects.toMatchObject({ code: 'service_unavailable' });
    await expect(log.end(LINE)).rejects.toMatchObject({ code: 'service_unavailable' });
    await expect(log.knows(LINE, '1-1')).rejects.toMatchObject({ code: 'service_unavailable' });
    await server.restart();
    expect(await redisReady(redis, 10_000)).toBe(true);
    await until(() => log.append(event(3)), { timeoutMs: 10_000 });
    await until(() => ids(seen).includes(event(3).id), { timeoutMs: 10_000 });
    stop.abort();
    await ended;
  });
});

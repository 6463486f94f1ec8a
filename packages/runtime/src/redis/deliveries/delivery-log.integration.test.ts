import { type DeliveryRecord, LIMITS } from '@earshot/protocol';
import { startRedis, type TestRedis } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { connectRedis, redisReady } from '../connection.ts';
import { createDeliveryLog, type DeliveryLog } from './delivery-log.ts';

let server: TestRedis;
let redis: Redis;
let log: DeliveryLog;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis(server.url, { role: 'producer' });
  await redisReady(redis, 5000);
  log = createDeliveryLog(redis);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

function attempt(webhookId: string, number: number, change: Partial<DeliveryRecord> = {}): DeliveryRecord {
  const eventId = `evt-call_1-call-dtmf-${number}`;
  return {
    deliveryId: `dlv-${eventId}`,
    attempt: 1,
    outcome: 'delivered',
    status: 204,
    at: '2026-01-01T00:00:00.000Z',
    durationMs: 12,
    job: {
      tenant: 'clinic',
      sessionId: 'lin_1',
      webhookId,
      eventId,
      event: number % 2 === 0 ? 'call.dtmf' : 'call.ended',
      occurredAt: '2026-01-01T00:00:00.000Z',
      lineId: 'lin_1',
      data: { callId: 'call_1' },
    },
    ...change,
  };
}

describe('the delivery log', () => {
  it('gives attempts newest first, of one type if asked, and each webhook its own', async () => {
    const place = { tenant: 'clinic', webhookId: 'whk_a' };
    for (const number of [0, 1, 2, 3]) await log.note(attempt('whk_a', number));
    await log.note(attempt('whk_b', 9));
    expect(await log.list(place, { limit: 2 })).toEqual([attempt('whk_a', 3), attempt('whk_a', 2)]);
    const ended = await log.list(place, { limit: 50, event: 'call.ended' });
    expect(ended).toEqual([attempt('whk_a', 3), attempt('whk_a', 1)]);
    expect(await log.list({ tenant: 'other', webhookId: 'whk_a' }, { limit: 50 })).toEqual([]);
  });

  it('finds the newest attempt at a delivery', async () => {
    const place = { tenant: 'clinic', webhookId: 'whk_c' };
    await log.note(attempt('whk_c', 1, { outcome: 'retrying', status: 503 }));
    await log.note(attempt('whk_c', 2));
    await log.note(attempt('whk_c', 1, { attempt: 2 }));
    expect(await log.find(place, 'dlv-evt-call_1-call-dtmf-1')).toMatchObject({ attempt: 2, status: 204 });
    expect(await log.find(place, 'dlv-evt-call_1-call-dtmf-7')).toBeNull();
  });

  it('keeps so many attempts and forgets a webhook when told', async () => {
    const place = { tenant: 'clinic', webhookId: 'whk_d' };
    for (let number = 0; number < LIMITS.maxDeliveriesPerWebhook + 5; number += 1)
      await log.note(attempt('whk_d', number));
    const kept = await log.list(place, { limit: 1000 });
    expect(kept).toHaveLength(LIMITS.maxDeliveriesPerWebhook);
    expect(kept.at(-1)?.job.eventId).toBe('evt-call_1-call-dtmf-5');
    await log.forget(place);
    expect(await log.list(place, { limit: 1000 })).toEqual([]);
  });

  it('never stands in the way of a delivery while Redis is away', async () => {
    await server.kill();
    await expect(log.note(attempt('whk_e', 1))).resolves.toBeUndefined();
    const place = { tenant: 'clinic', webhookId: 'whk_e' };
    await expect(log.list(place, { limit: 1 })).rejects.toMatchObject({ code: 'service_unavailable' });
    await expect(log.forget(place)).resolves.toBeUndefined();
    await server.restart();
  });
});

import { startRedis, type TestRedis } from '@earshot/test-support';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { connectRedis, redisReady } from '../redis/connection.ts';
import { limitError, limitHeaders } from './rate-limit.ts';
import { createRateLimiter } from './rate-limiter.ts';

const groups = { small: { limit: 3, windowSeconds: 60 }, brief: { limit: 1, windowSeconds: 1 } };

describe('the rate limiter', () => {
  let server: TestRedis;
  const connections: Redis[] = [];

  beforeAll(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    await server.flushAll();
  });
  afterAll(async () => {
    for (const redis of connections) redis.disconnect();
    await server.stop();
  });

  async function limiter(onFallback?: () => void) {
    const redis = connectRedis(server.url, { role: 'producer' });
    connections.push(redis);
    await redisReady(redis, 5000);
    return createRateLimiter({ redis, groups, ...(onFallback === undefined ? {} : { onFallback }) });
  }

  it('allows a limit of requests in a window and refuses the next', async () => {
    const limits = await limiter();
    const states = [];
    for (let i = 0; i < 5; i++) states.push(await limits.consume('small', 'clinic'));
    expect(states.map(({ allowed, remaining }) => [allowed, remaining])).toEqual([
      [true, 2],
      [true, 1],
      [true, 0],
      [false, 0],
      [false, 0],
    ]);
    const [first, last] = [states[0]!, states[4]!];
    expect(first.resetAt - Date.now() / 1000).toBeGreaterThan(45);
    expect(last.resetAt - Date.now() / 1000).toBeLessThanOrEqual(61);
    expect(limitHeaders(last)).toEqual({
      'x-ratelimit-limit': '3',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(last.resetAt),
    });
    expect(limitError(last)).toMatchObject({
      code: 'rate_limit_exceeded',
      details: { limit: 3, window: '60s', retry_after_seconds: last.retryAfterSeconds },
    });
    expect(last.retryAfterSeconds).toBeGreaterThan(55);
  });

  it('counts over all processes, and each subject and group by itself', async () => {
    const [one, two] = [await limiter(), await limiter()];
    await one.consume('small', 'clinic');
    expect((await two.consume('small', 'clinic')).remaining).toBe(1);
    expect((await two.consume('small', 'other')).remaining).toBe(2);
    expect((await two.consume('default', 'clinic')).remaining).toBe(599);
  });

  it('lets exactly the limit through at the same time', async () => {
    const [one, two] = [await limiter(), await limiter()];
    const states = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? one : two).consume('small', 'burst')),
    );
    expect(states.filter(({ allowed }) => allowed)).toHaveLength(3);
  });

  it('starts anew after the window', async () => {
    const limits = await limiter();
    expect((await limits.consume('brief', 'clinic')).allowed).toBe(true);
    expect((await limits.consume('brief', 'clinic')).allowed).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 1050));
    expect((await limits.consume('brief', 'clinic')).allowed).toBe(true);
  });

  it('tells where a subject stands without taking a point', async () => {
    const limits = await limiter();
    expect((await limits.peek('small', 'clinic')).remaining).toBe(3);
    await limits.consume('small', 'clinic');
    expect((await limits.peek('small', 'clinic')).remaining).toBe(2);
    expect((await limits.peek('small', 'clinic')).remaining).toBe(2);
  });

  it('goes on with the same limit in memory while Redis is away, says so, and returns to Redis', async () => {
    let fallbacks = 0;
    const limits = await limiter(() => {
      fallbacks += 1;
    });
    await limits.consume('small', 'clinic');
    await server.kill();
    const allowed = [];
    for (let i = 0; i < 5; i++) allowed.push((await limits.consume('small', 'clinic')).allowed);
    expect(allowed).toEqual([true, true, true, false, false]);
    expect(fallbacks).toBe(5);
    await server.restart();
    await Promise.all(connections.map((redis) => redisReady(redis, 10_000)));
    expect((await limits.consume('small', 'fresh')).remaining).toBe(2);
    expect(fallbacks).toBe(5);
  });

  it('works without Redis, and knows its groups', async () => {
    const limits = createRateLimiter({ redis: null, groups });
    expect((await limits.consume('small', 'clinic')).remaining).toBe(2);
    await expect(limits.consume('unknown', 'clinic')).rejects.toThrow(TypeError);
  });
});

import { startRedis, type TestRedis, until } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectRedis, redisReady } from './connection.ts';
import { checkRedisPolicy } from './policy.ts';

describe('a Redis connection', () => {
  let server: TestRedis;
  beforeAll(async () => {
    server = await startRedis({ appendonly: true, maxmemoryPolicy: 'noeviction' });
  });
  afterAll(() => server.stop());

  it('of a producer fails at once while Redis is away and works again when it is back', async () => {
    const redis = connectRedis(server.url, { role: 'producer' });
    expect(await redisReady(redis, 5000)).toBe(true);
    await server.kill();
    const startedAt = performance.now();
    await expect(redis.ping()).rejects.toThrow();
    expect(performance.now() - startedAt).toBeLessThan(4000);
    await until(async () => !(await redisReady(redis, 20)));
    await server.restart();
    expect(await redisReady(redis, 10_000)).toBe(true);
    expect(await redis.ping()).toBe('PONG');
    redis.disconnect();
  });

  it('of a producer gives up on a server that hangs', async () => {
    const redis = connectRedis(server.url, { role: 'producer' });
    await redisReady(redis, 5000);
    server.pause();
    await expect(redis.ping()).rejects.toThrow();
    server.resume();
    redis.disconnect();
  });

  it('of a worker waits until Redis is back', async () => {
    const redis = connectRedis(server.url, { role: 'worker' });
    await redisReady(redis, 5000);
    await server.kill();
    const answer = redis.ping();
    await server.restart();
    expect(await answer).toBe('PONG');
    redis.disconnect();
  });

  it('finds nothing wrong with a server that keeps jobs', async () => {
    const redis = connectRedis(server.url, { role: 'worker' });
    expect(await checkRedisPolicy(redis)).toEqual([]);
    redis.disconnect();
  });

  it('finds eviction and a missing append-only file', async () => {
    const careless = await startRedis({
      appendonly: false,
      maxmemory: '4mb',
      maxmemoryPolicy: 'allkeys-lru',
    });
    const redis = connectRedis(careless.url, { role: 'worker' });
    const issues = await checkRedisPolicy(redis);
    expect(issues.map(({ code, severity }) => [code, severity])).toEqual([
      ['eviction_enabled', 'error'],
      ['append_only_off', 'warning'],
    ]);
    redis.disconnect();
    await careless.stop();
  });
});

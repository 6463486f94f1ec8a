import { Redis } from 'ioredis';
import type { Log } from '../log/log.ts';

/**
 * `worker` waits for Redis however long it takes, as blocking queue commands need.
 * `producer` fails at once while Redis is away, so that a request never hangs on it.
 */
export type RedisRole = 'worker' | 'producer';

export interface RedisOptions {
  readonly role: RedisRole;
  /** Told once when the connection is lost and once when it is back. */
  readonly log?: Log;
}

const CONNECT_TIMEOUT_MS = 5000;
const COMMAND_TIMEOUT_MS = 3000;
const MAX_RETRY_DELAY_MS = 2000;

/** Opens a connection that comes back by itself; close it with `quit()` or `disconnect()`. */
export function connectRedis(url: string, options: RedisOptions): Redis {
  const redis = new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), MAX_RETRY_DELAY_MS),
    ...(options.role === 'worker'
      ? { maxRetriesPerRequest: null }
      : { maxRetriesPerRequest: 1, enableOfflineQueue: false, commandTimeout: COMMAND_TIMEOUT_MS }),
  });
  let away = false;
  redis.on('error', (error: Error) => {
    if (!away) options.log?.warn({ role: options.role, err: error }, 'redis is away');
    away = true;
  });
  redis.on('ready', () => {
    if (away) options.log?.info({ role: options.role }, 'redis is back');
    away = false;
  });
  return redis;
}

/** Waits until commands can be sent; false when that takes longer than `timeoutMs`. */
export async function redisReady(redis: Redis, timeoutMs: number): Promise<boolean> {
  if (redis.status === 'ready') return true;
  return new Promise((resolve) => {
    const settle = (ready: boolean) => {
      clearTimeout(timer);
      redis.off('ready', onReady);
      resolve(ready);
    };
    const onReady = () => settle(true);
    const timer = setTimeout(() => settle(false), timeoutMs);
    redis.once('ready', onReady);
  });
}

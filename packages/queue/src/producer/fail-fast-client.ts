import { setTimeout as sleep } from 'node:timers/promises';
import { EarshotError } from '@earshot/protocol';
import type { Redis, RedisOptions } from 'ioredis';

/** A client that would rather refuse now than answer late. */
export interface FailFastClient {
  readonly redis: Redis;
  /** Runs Redis work; anything that goes wrong with Redis becomes `service_unavailable`. */
  run<T>(work: () => Promise<T>): Promise<T>;
  close(): void;
}

const IMPATIENT: RedisOptions = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  commandTimeout: 5000,
  lazyConnect: false,
  disconnectTimeout: 500,
  retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), 1000),
};
/** A connection that is just being made gets this long before a call is refused, ms. */
const CONNECT_GRACE_MS = 500;
const POLL_MS = 10;

/** A connection of its own beside `connection`, without an offline queue and with a limit on every command. */
export function createFailFastClient(connection: Redis, onError: (error: Error) => void): FailFastClient {
  const redis = connection.duplicate(IMPATIENT);
  redis.on('error', onError);
  let seenReady = false;
  redis.once('ready', () => {
    seenReady = true;
  });

  async function settle(): Promise<void> {
    const deadline = performance.now() + CONNECT_GRACE_MS;
    while (!seenReady && redis.status !== 'ready' && performance.now() < deadline) await sleep(POLL_MS);
    if (redis.status !== 'ready') throw unavailable(undefined);
  }

  return {
    redis,
    async run(work) {
      if (redis.status !== 'ready') await settle();
      try {
        return await work();
      } catch (error) {
        throw error instanceof EarshotError ? error : unavailable(error);
      }
    },
    close() {
      redis.disconnect();
    },
  };
}

function unavailable(cause: unknown): EarshotError {
  return new EarshotError('service_unavailable', {
    message: 'The job queue cannot be reached right now.',
    cause,
  });
}

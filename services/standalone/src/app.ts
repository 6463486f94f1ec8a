import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createCallsApp } from '@earshot/calls-service';
import { createIngestApp } from '@earshot/ingest';
import { createLifecycle, createLog, type Lifecycle, type Log, lockFolder } from '@earshot/runtime';
import { createWorkerApp } from '@earshot/worker';
import type { StandaloneConfig } from './config.ts';
import { findFirstKey } from './data-folder/first-key.ts';
import { findTokenSecret } from './data-folder/token-secret.ts';
import { startManagedRedis } from './redis/managed-redis.ts';

/** A whole earshot in this process. */
export interface StandaloneApp {
  /** Origin of the HTTP server. */
  readonly url: string;
  /** Origin of the calls service. */
  readonly callsUrl: string;
  /** A key that works here, for the demo. */
  readonly apiKey: string;
  /** Public id of that key; the client id of login. */
  readonly keyId: string | undefined;
  /** File with the key; undefined when the operator chose the key. */
  readonly keyFile: string | undefined;
  /** True when the key was made just now. */
  readonly keyCreated: boolean;
  /** Resolves when a part can no longer keep its promises: the process has to leave. */
  readonly failed: Promise<Error>;
  /** Drains streams and jobs, then stops Redis. */
  close(): Promise<void>;
}

const DRAIN_MS = 60_000;

/** Starts Redis (unless one is given), worker and ingest; what was started is stopped when a later part fails. */
export async function startStandalone(config: StandaloneConfig): Promise<StandaloneApp> {
  const log = createLog({ service: 'standalone', level: config.ingest.LOG_LEVEL });
  const lifecycle = createLifecycle(log);
  try {
    return await compose(config, lifecycle, log);
  } catch (error) {
    await lifecycle.stop('could not start');
    throw error;
  }
}

async function compose(config: StandaloneConfig, lifecycle: Lifecycle, log: Log): Promise<StandaloneApp> {
  const { dataFolder } = config;
  await mkdir(dataFolder, { recursive: true });
  lifecycle.onStop('data folder', await lockFolder(dataFolder), 5000);
  const redisUrl = config.redisUrl ?? (await ownRedis(dataFolder, lifecycle, log));
  const first = await firstKey(config);
  const worker = await createWorkerApp({ ...config.worker, REDIS_URL: redisUrl });
  lifecycle.onStop('worker', () => worker.close(), DRAIN_MS);
  const shared = {
    REDIS_URL: redisUrl,
    EARSHOT_BOOTSTRAP_KEY: first.key,
    EARSHOT_TOKEN_SECRET: config.ingest.EARSHOT_TOKEN_SECRET ?? (await findTokenSecret(dataFolder)),
  };
  const ingest = await createIngestApp({ ...config.ingest, ...shared });
  lifecycle.onStop('ingest', () => ingest.close(), DRAIN_MS);
  const calls = await createCallsApp({ ...config.calls, ...shared });
  lifecycle.onStop('calls', () => calls.close(), DRAIN_MS);
  await worker.start();
  const { url } = await ingest.start();
  const { url: callsUrl } = await calls.start();
  return {
    url,
    callsUrl,
    apiKey: first.key,
    keyId: ingest.bootstrapKeyId,
    keyFile: first.file,
    keyCreated: first.created,
    failed: Promise.race([ingest.failed, calls.failed]),
    async close() {
      await lifecycle.stop('close');
    },
  };
}

async function ownRedis(dataFolder: string, lifecycle: Lifecycle, log: Log): Promise<string> {
  const redis = await startManagedRedis(join(dataFolder, 'redis'), log);
  lifecycle.onStop('own redis', () => redis.close(), 15_000);
  return redis.url;
}

async function firstKey(
  config: StandaloneConfig,
): Promise<{ key: string; file: string | undefined; created: boolean }> {
  if (config.bootstrapKey !== undefined) {
    return { key: config.bootstrapKey, file: undefined, created: false };
  }
  return findFirstKey(config.dataFolder, config.objectStore);
}

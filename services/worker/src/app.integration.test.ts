import {
  startRedis,
  type TemporaryFolder,
  type TestRedis,
  temporaryFolder,
  until,
} from '@earshot/test-support';
import { createScriptedEngine } from '@earshot/transcription/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createWorkerApp, type WorkerApp } from './app.ts';
import { readWorkerConfig } from './config.ts';

let redis: TestRedis;
let folder: TemporaryFolder;
let app: WorkerApp | undefined;
const engine = createScriptedEngine({ script: () => 'text' });

const create = (settings: Record<string, string> = {}): Promise<WorkerApp> =>
  createWorkerApp(
    readWorkerConfig({
      REDIS_URL: redis.url,
      EARSHOT_OBJECT_STORE: `file:${folder.path}`,
      EARSHOT_METRICS_PORT: '0',
      EARSHOT_DRAIN_SECONDS: '1',
      LOG_LEVEL: 'silent',
      ...settings,
    }),
    { engines: { lite: engine, pro: engine } },
  );

const status = async (url: string): Promise<number> => (await fetch(url)).status;

beforeEach(async () => {
  redis = await startRedis();
  folder = await temporaryFolder();
});

afterEach(async () => {
  await app?.close();
  app = undefined;
  await folder.remove();
  await redis.stop();
});

describe('the worker service', () => {
  it('tells that it lives, that it is ready, and how its queues stand', async () => {
    app = await create();
    const { url } = await app.start();
    expect(await status(`${url}/healthz`)).toBe(200);
    expect(await status(`${url}/readyz`)).toBe(200);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain(
      'earshot_queue_jobs{queue="transcribe-segment",state="waiting",service="worker"} 0',
    );
    expect(metrics).toContain('earshot_queue_oldest_seconds{queue="deliver-webhook",service="worker"} 0');
  });

  it('starts without Redis, says that it is not ready, and becomes ready when Redis comes', async () => {
    await redis.kill();
    app = await create();
    const { url } = await app.start();
    expect(await status(`${url}/healthz`)).toBe(200);
    expect(await status(`${url}/readyz`)).toBe(503);
    await redis.restart();
    await until(async () => (await status(`${url}/readyz`)) === 200);
    expect(await status(`${url}/readyz`)).toBe(200);
  });

  it('refuses to start with an engine that cannot work, in one sentence', async () => {
    const refused = createWorkerApp(
      readWorkerConfig({
        REDIS_URL: redis.url,
        EARSHOT_OBJECT_STORE: `file:${folder.path}`,
        EARSHOT_ENGINE_LITE: 'sherpa:/nowhere',
        LOG_LEVEL: 'silent',
      }),
    );
    await expect(refused).rejects.toThrow(/model/i);
  });
});

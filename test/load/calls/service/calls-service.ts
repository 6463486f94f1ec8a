import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '@earshot/test-support';
import { openRunFolder } from '../../../faults/processes/guard.ts';
import { startRedisServer } from '../../../faults/processes/redis.ts';
import { supervise } from '../../../faults/processes/supervised.ts';
import { workspaceRoot } from '../../../faults/processes/workspace.ts';
import { cpuMs, residentKb, starvedMs } from '../../../rig/process-usage.ts';
import { parseMetrics, type ServiceMetrics } from './service-metrics.ts';

/** The calls service as a process of its own, with a Redis of its own. */
export interface CallsService {
  readonly origin: string;
  /** Of the tenant. */
  readonly key: string;
  metrics(): Promise<ServiceMetrics>;
  residentKb(): Promise<number>;
  cpuMs(): Promise<number>;
  /** How long its main thread was ready and had no processor. */
  starvedMs(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts both on free ports: audio goes through a journal that syncs into a local folder, as by default. */
export async function startCallsService(options: {
  readonly frameBytes: number;
  readonly nodeArgs: readonly string[];
}): Promise<CallsService> {
  const folder = await openRunFolder();
  await mkdir(join(folder.path, 'logs'));
  const redis = await startRedisServer(folder);
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const key = `sk_test_${randomBytes(16).toString('hex')}`;
  const service = supervise(
    {
      name: 'calls',
      command: process.execPath,
      args: [...options.nodeArgs, join(workspaceRoot, 'services', 'calls', 'dist', 'main.js')],
      env: {
        REDIS_URL: redis.url,
        EARSHOT_CALLS_PORT: String(port),
        EARSHOT_OBJECT_STORE: `file:${folder.path}/objects`,
        EARSHOT_JOURNAL_DIR: join(folder.path, 'journal'),
        EARSHOT_SPOOL_DIR: join(folder.path, 'spool'),
        EARSHOT_BOOTSTRAP_KEY: key,
        EARSHOT_TOKEN_SECRET: randomBytes(32).toString('hex'),
        EARSHOT_MEDIA_FRAME_BYTES: String(options.frameBytes),
        EARSHOT_RATE_LIMIT_PER_MINUTE: '1000000',
        EARSHOT_CREATE_LIMIT_PER_MINUTE: '1000000',
        LOG_LEVEL: 'warn',
      },
      ready: async () => (await fetch(`${origin}/readyz`)).ok,
    },
    folder,
  );
  const stop = async (): Promise<void> => {
    await service.terminate();
    await redis.server.kill();
    await folder.close();
  };
  try {
    await service.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    origin,
    key,
    metrics: async () => parseMetrics(await (await fetch(`${origin}/metrics`)).text()),
    residentKb: () => residentKb(service.pid),
    cpuMs: () => cpuMs(service.pid),
    starvedMs: () => starvedMs(service.pid),
    stop,
  };
}

import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { type ObjectStore, openObjectStore } from '@earshot/storage';
import { freePort } from '@earshot/test-support';
import { type StandInEngine, startEngine } from './engine.ts';
import { openRunFolder, type RunFolder } from './guard.ts';
import { type RedisServer, startRedisServer } from './redis.ts';
import { type Supervised, supervise } from './supervised.ts';
import { workspaceRoot } from './workspace.ts';

/** One ingest process and where it listens. */
interface IngestNode {
  readonly process: Supervised;
  readonly port: number;
  readonly journal: string;
  /** Its settings at its next start. */
  readonly env: Record<string, string>;
}

/** A whole earshot of real processes, each of which can be killed. */
export interface Earshot {
  readonly folder: RunFolder;
  readonly key: string;
  readonly redis: RedisServer;
  readonly ingest: readonly IngestNode[];
  readonly workers: readonly Supervised[];
  readonly engine: StandInEngine;
  /** The same object store, for the rig's own eyes. */
  readonly store: ObjectStore;
  /** `keep` leaves logs, journals and objects where they are. */
  stop(options?: { keep?: boolean }): Promise<void>;
}

export interface EarshotOptions {
  readonly nodes?: number;
  readonly workers?: number;
  /** Instead of a local folder: the location that the services are told, and the store for the rig's own eyes. */
  readonly storage?: {
    readonly url: string;
    readonly env: Readonly<Record<string, string>>;
    readonly store: ObjectStore;
  };
  readonly env?: Readonly<Record<string, string>>;
  /** For ingest processes, before the program. */
  readonly nodeArgs?: readonly string[];
}

/** Starts everything on free ports of 127.0.0.1 and resolves when all of it serves. */
export async function startEarshot(options: EarshotOptions = {}): Promise<Earshot> {
  const folder = await openRunFolder();
  await mkdir(join(folder.path, 'logs'));
  const redis = await startRedisServer(folder);
  const engine = await startEngine();
  const objects = `file:${folder.path}/objects`;
  const key = `sk_test_${randomBytes(16).toString('hex')}`;
  const env = {
    REDIS_URL: redis.url,
    EARSHOT_OBJECT_STORE: options.storage?.url ?? objects,
    EARSHOT_BOOTSTRAP_KEY: key,
    EARSHOT_TOKEN_SECRET: randomBytes(32).toString('hex'),
    EARSHOT_INGEST_PROCESSES: '1',
    EARSHOT_RECONCILE_SECONDS: '2',
    EARSHOT_RATE_LIMIT_PER_MINUTE: '1000000',
    EARSHOT_CREATE_LIMIT_PER_MINUTE: '1000000',
    EARSHOT_ENGINE_LITE: engine.spec,
    EARSHOT_ENGINE_PRO: engine.spec,
    LOG_LEVEL: 'warn',
    ...options.storage?.env,
    ...options.env,
  };
  const each = async <T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => make(index)));
  const ingest = await each(options.nodes ?? 1, (index) =>
    ingestNode(folder, { index, env, nodeArgs: options.nodeArgs ?? [] }),
  );
  const workers = await each(options.workers ?? 1, (index) => worker(folder, index, env));
  const processes = [...ingest.map((node) => node.process), ...workers];
  const earshot: Earshot = {
    folder,
    key,
    redis,
    ingest,
    workers,
    engine,
    store: options.storage?.store ?? openObjectStore(objects),
    async stop(how) {
      await Promise.all(processes.map((each) => each.kill()));
      await redis.server.kill();
      await engine.stop();
      await folder.close(how);
    },
  };
  try {
    await Promise.all(processes.map((each) => each.start()));
    return earshot;
  } catch (error) {
    await earshot.stop();
    throw error;
  }
}

async function ingestNode(
  folder: RunFolder,
  { index, env, nodeArgs }: { index: number; env: Record<string, string>; nodeArgs: readonly string[] },
): Promise<IngestNode> {
  const port = await freePort();
  const name = `ingest-${index}`;
  const journal = join(folder.path, name, 'journal');
  const settings = {
    ...env,
    EARSHOT_PORT: String(port),
    EARSHOT_JOURNAL_DIR: journal,
    EARSHOT_SPOOL_DIR: join(folder.path, name, 'spool'),
  };
  const process = supervise(
    {
      name,
      command: globalThis.process.execPath,
      args: [...nodeArgs, join(workspaceRoot, 'services', 'ingest', 'dist', 'main.js')],
      env: settings,
      ready: () => answers(port, '/readyz'),
    },
    folder,
  );
  return { process, port, journal, env: settings };
}

async function worker(folder: RunFolder, index: number, env: Record<string, string>): Promise<Supervised> {
  const port = await freePort();
  return supervise(
    {
      name: `worker-${index}`,
      command: process.execPath,
      args: [join(workspaceRoot, 'services', 'worker', 'dist', 'main.js')],
      env: { ...env, EARSHOT_METRICS_PORT: String(port) },
      ready: () => answers(port, '/readyz'),
    },
    folder,
  );
}

function answers(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false, timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}

import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type CallsApp, createCallsApp, readCallsConfig } from '@earshot/calls-service';
import { createIngestApp, type IngestApp, readIngestConfig } from '@earshot/ingest';
import { startRedis, type TemporaryFolder, type TestRedis, temporaryFolder } from '@earshot/test-support';
import type { Engine } from '@earshot/transcription';
import { createWorkerApp, readWorkerConfig, type WorkerApp } from '@earshot/worker';

/** A whole earshot on a real Redis and a local folder: one ingest and one worker in this process. */
export interface Rig {
  readonly origin: string;
  /** Origin of the calls service; empty without it. */
  readonly callsOrigin: string;
  readonly key: string;
  readonly redis: TestRedis;
  readonly folder: TemporaryFolder;
  readonly env: Readonly<Record<string, string>>;
  readonly ingest: IngestApp;
  /** Starts the worker, unless it runs. */
  startWorker(): Promise<void>;
  stopWorker(): Promise<void>;
  /** A request with the bootstrap key; `path` under /voice/v1. */
  call(path: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

export interface RigOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** False leaves the worker to the test. */
  readonly worker?: boolean;
  /** Starts the calls service too, with the line `lin_first`. */
  readonly calls?: boolean;
  /** Instead of the embedded engine. */
  readonly engine?: Engine;
}

/** Starts everything on free ports; `stop` ends all of it. */
export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const redis = await startRedis({ appendonly: true });
  const folder = await temporaryFolder();
  const key = `sk_test_${randomBytes(16).toString('hex')}`;
  const env = {
    REDIS_URL: redis.url,
    EARSHOT_OBJECT_STORE: `file:${folder.path}/objects`,
    EARSHOT_SPOOL_DIR: `${folder.path}/spool`,
    EARSHOT_JOURNAL_DIR: `${folder.path}/journal`,
    EARSHOT_JOURNAL_RESERVE_BYTES: '1048576',
    EARSHOT_PORT: '0',
    EARSHOT_BOOTSTRAP_KEY: key,
    EARSHOT_TOKEN_SECRET: randomBytes(32).toString('hex'),
    EARSHOT_WEBHOOK_ALLOW_INSECURE: 'true',
    EARSHOT_RECONCILE_SECONDS: '2',
    EARSHOT_RATE_LIMIT_PER_MINUTE: '100000',
    EARSHOT_CREATE_LIMIT_PER_MINUTE: '100000',
    LOG_LEVEL: 'silent',
    ...options.env,
  };
  const ingest = await createIngestApp(readIngestConfig(env));
  const { url } = await ingest.start();
  let worker: WorkerApp | undefined;
  const calls = options.calls === true ? await startCalls(env) : undefined;
  const rig: Rig = {
    origin: url,
    callsOrigin: calls?.url ?? '',
    key,
    redis,
    folder,
    env,
    ingest,
    async startWorker() {
      const { engine } = options;
      const deps = engine === undefined ? {} : { engines: { lite: engine, pro: engine } };
      worker ??= await createWorkerApp(readWorkerConfig(env), deps);
      await worker.start();
    },
    async stopWorker() {
      await worker?.close();
      worker = undefined;
    },
    call: callsTo(url, key),
    async stop() {
      await rig.stopWorker();
      await calls?.app.close();
      await ingest.close();
      await redis.stop();
      await folder.remove();
    },
  };
  if (options.worker !== false) await rig.startWorker();
  return rig;
}

/** Requests to a node with a key; paths lie under /voice/v1. */
export function callsTo(origin: string, key: string): Rig['call'] {
  return (path, init = {}) => {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${key}`);
    return fetch(`${origin}/voice/v1${path}`, { ...init, headers });
  };
}

/** The calls service on the same parts, a node of its own. */
async function startCalls(
  env: Record<string, string | undefined> & { readonly EARSHOT_JOURNAL_DIR: string },
): Promise<{ app: CallsApp; url: string }> {
  const app = await createCallsApp(
    readCallsConfig({
      EARSHOT_CALLS_PORT: '0',
      ...env,
      EARSHOT_JOURNAL_DIR: `${env.EARSHOT_JOURNAL_DIR}-calls`,
      EARSHOT_SPOOL_DIR: `${env.EARSHOT_JOURNAL_DIR}-spool`,
      EARSHOT_LOOPBACK_SAMPLES: fileURLToPath(new URL('../fixtures/speech/', import.meta.url)),
      EARSHOT_FIRST_LINE: 'lin_first',
    }),
  );
  const { url } = await app.start();
  return { app, url };
}

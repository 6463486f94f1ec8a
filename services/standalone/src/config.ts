import { join, resolve } from 'node:path';
import { type IngestConfig, readIngestConfig } from '@earshot/ingest';
import { readWorkerConfig, type WorkerConfig } from '@earshot/worker';

type Environment = Readonly<Record<string, string | undefined>>;

/** Settings of the one-process server. What is absent is provided: Redis, a folder of objects, a key. */
export interface StandaloneConfig {
  /** Where everything is kept, absolute. */
  readonly dataFolder: string;
  /** Undefined: start a Redis of our own. */
  readonly redisUrl: string | undefined;
  readonly objectStore: string;
  /** The operator's first key; undefined: make one and keep it in the data folder. */
  readonly bootstrapKey: string | undefined;
  readonly ingest: IngestConfig;
  readonly worker: WorkerConfig;
}

/**
 * Reads the settings of all services from one environment; empty variables count as absent.
 * Throws one sentence that names what is wrong.
 */
export function readStandaloneConfig(env: Environment, defaultDataFolder: string): StandaloneConfig {
  const dataFolder = resolve(env['EARSHOT_DATA_DIR'] || defaultDataFolder);
  const objectStore = env['EARSHOT_OBJECT_STORE'] || `file:${join(dataFolder, 'objects')}`;
  const shared = {
    ...env,
    EARSHOT_OBJECT_STORE: objectStore,
    EARSHOT_SPOOL_DIR: env['EARSHOT_SPOOL_DIR'] || join(dataFolder, 'spool'),
    EARSHOT_JOURNAL_DIR: env['EARSHOT_JOURNAL_DIR'] || join(dataFolder, 'journal'),
    LOG_LEVEL: env['LOG_LEVEL'] || 'warn',
  };
  return {
    dataFolder,
    redisUrl: env['REDIS_URL'] || undefined,
    objectStore,
    bootstrapKey: env['EARSHOT_BOOTSTRAP_KEY'] || undefined,
    ingest: readIngestConfig(shared),
    worker: readWorkerConfig(shared),
  };
}

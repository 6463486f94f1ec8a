import { join, resolve } from 'node:path';
import { type CallsConfig, readCallsConfig } from '@earshot/calls-service';
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
  readonly calls: CallsConfig;
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
    calls: readCallsConfig(callsEnvironment(shared, dataFolder)),
  };
}

/** The calls service is a node of its own beside ingest: other port, other journal, other name. */
function callsEnvironment(
  shared: Environment & { readonly EARSHOT_JOURNAL_DIR: string },
  dataFolder: string,
): Environment {
  const { EARSHOT_PORT: port = '', EARSHOT_NODE_NAME: name = '' } = shared;
  const beside = port === '' ? '' : port === '0' ? '0' : String(Number(port) + 1);
  return {
    ...shared,
    EARSHOT_CALLS_PORT: shared['EARSHOT_CALLS_PORT'] || beside,
    EARSHOT_JOURNAL_DIR: `${shared.EARSHOT_JOURNAL_DIR}-calls`,
    EARSHOT_NODE_NAME: name === '' ? '' : `${name}-calls`,
    EARSHOT_SPOOL_DIR: join(dataFolder, 'calls-spool'),
    EARSHOT_FIRST_LINE: shared['EARSHOT_FIRST_LINE'] || 'lin_first',
  };
}

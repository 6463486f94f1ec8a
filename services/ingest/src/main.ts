import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { LIMITS } from '@earshot/protocol';
import { createLog, type RunningService, runService, tuneCollector } from '@earshot/runtime';
import { createIngestApp } from './app.ts';
import { readIngestConfig } from './config.ts';
import { linkToPrimary } from './processes/link.ts';
import { createPrimary } from './processes/primary.ts';

/** Tells a process of several which one it is: `2/4`. */
const PLACE = 'EARSHOT_PROCESS';

/** The ingest service, with its settings in the environment: one process, or a primary and several. */
function openService(): Promise<RunningService> {
  const config = readIngestConfig(process.env);
  const usual = Math.min(availableParallelism(), LIMITS.maxIngestProcesses);
  const processes = config.EARSHOT_INGEST_PROCESSES ?? usual;
  if (processes === 1) return createIngestApp(config);
  const log = createLog({ service: 'ingest', level: config.LOG_LEVEL });
  if (config.EARSHOT_TOKEN_SECRET === undefined) {
    log.warn('EARSHOT_TOKEN_SECRET is not set: tokens from login end with this process');
  }
  const secret = config.EARSHOT_TOKEN_SECRET ?? randomBytes(32).toString('hex');
  const environment = (number: number): Record<string, string> => ({
    EARSHOT_TOKEN_SECRET: secret,
    [PLACE]: `${number}/${processes}`,
  });
  return Promise.resolve(createPrimary({ processes, log, environment }));
}

tuneCollector();
if (cluster.isPrimary) {
  await runService(async () => openService(), process);
} else {
  const [number = 1, size = 1] = (process.env[PLACE] ?? '').split('/').map(Number);
  const { family, host } = linkToPrimary(process, { number, size });
  await runService(async () => createIngestApp(readIngestConfig(process.env), family), host);
}

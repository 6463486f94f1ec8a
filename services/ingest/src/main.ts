import { runService } from '@earshot/runtime';
import { createIngestApp } from './app.ts';
import { readIngestConfig } from './config.ts';

/** The ingest process, with its settings in the environment. */
await runService(async () => createIngestApp(readIngestConfig(process.env)), process);

import { runService } from '@earshot/runtime';
import { createWorkerApp } from './app.ts';
import { readWorkerConfig } from './config.ts';

/** The worker process, with its settings in the environment. */
await runService(async () => createWorkerApp(readWorkerConfig(process.env)), process);

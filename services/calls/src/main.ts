import { runService, tuneCollector } from '@earshot/runtime';
import { createCallsApp } from './app.ts';
import { readCallsConfig } from './config.ts';

tuneCollector();
/** The calls process, with its settings in the environment. */
await runService(async () => createCallsApp(readCallsConfig(process.env)), process);

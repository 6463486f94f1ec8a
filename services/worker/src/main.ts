import { createWorkerApp } from './app.ts';
import { readWorkerConfig } from './config.ts';

/** Starts the worker service from environment variables; SIGTERM and SIGINT drain and stop it. */
async function main(): Promise<void> {
  const app = await createWorkerApp(readWorkerConfig(process.env));
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      void app.close().then(() => process.exit(0));
    });
  }
  await app.start();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : 'earshot worker could not start'}\n`);
  process.exit(1);
});

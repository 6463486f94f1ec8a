export { createWorkerApp, type WorkerApp, type WorkerDeps } from './app.ts';
export { readWorkerConfig, WorkerConfig } from './config.ts';

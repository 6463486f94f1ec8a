export { createWorkerApp, type WorkerApp, type WorkerDeps } from './app.ts';
export { readWorkerConfig, WorkerConfig } from './config.ts';
export { type OpenedEngines, openEngines } from './engines/engines.ts';

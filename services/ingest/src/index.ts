export { createIngestApp, type IngestApp } from './app.ts';
export { IngestConfig, readIngestConfig } from './config.ts';

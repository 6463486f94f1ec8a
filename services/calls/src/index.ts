export { type CallsApp, createCallsApp } from './app.ts';
export { CallsConfig, readCallsConfig } from './config.ts';

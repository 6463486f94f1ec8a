export { type CallsApp, createCallsApp } from './app.ts';
export { type CallsConfig, readCallsConfig } from './config.ts';

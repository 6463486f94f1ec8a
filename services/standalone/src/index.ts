export { type StandaloneApp, startStandalone } from './app.ts';
export { readStandaloneConfig, type StandaloneConfig } from './config.ts';

export type { Calls, CallView } from './ports.ts';

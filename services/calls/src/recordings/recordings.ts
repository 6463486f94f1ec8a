import type { HttpServer } from '@earshot/runtime';
import type { RecordingDeps } from './deps.ts';
import { registerPilotRecordings } from './pilot-recordings.ts';
import { registerWadialRecordings } from './wadial-recordings.ts';

/** List, get, download, link and delete recordings of calls, by the paths of both faces. */
export function registerRecordings(server: HttpServer, deps: RecordingDeps): void {
  registerPilotRecordings(server, deps);
  registerWadialRecordings(server, deps);
}

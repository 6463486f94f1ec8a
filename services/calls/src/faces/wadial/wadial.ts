import type { HttpServer } from '@earshot/runtime';
import { registerWadialAudio } from './audio.ts';
import { registerWadialCalls } from './calls.ts';
import type { WadialDeps } from './deps.ts';
import { registerWadialSessions } from './sessions.ts';

/** The routes that WADial clients know, save media, events and assets, which have places of their own. */
export function registerWadialFace(server: HttpServer, deps: WadialDeps): void {
  registerWadialSessions(server, deps);
  registerWadialCalls(server, deps);
  registerWadialAudio(server, deps);
}

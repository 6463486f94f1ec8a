import type { HttpServer } from '@earshot/runtime';
import { registerPilotActions } from './calls/actions.ts';
import { registerPilotCalls } from './calls/calls.ts';
import { registerMissingFeatures } from './calls/features.ts';
import type { PilotDeps } from './deps.ts';
import { registerNumberKeys } from './lines/keys.ts';
import { createLineKeys } from './lines/line-keys.ts';
import { registerLines } from './lines/lines.ts';

/** The routes that Pilot Status clients know: calls of a number, and the tenant's lines and keys. */
export function registerPilotFace(server: HttpServer, deps: PilotDeps): void {
  const keys = createLineKeys(deps.keyring);
  registerPilotCalls(server, deps);
  registerPilotActions(server, deps);
  registerMissingFeatures(server);
  registerLines(server, deps, keys);
  registerNumberKeys(server, deps, keys);
}

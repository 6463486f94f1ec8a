import { EarshotError } from '@earshot/protocol';
import type { HttpServer } from '@earshot/runtime';
import { CALL_TAGS, NUMBER_ROUTE } from '../route.ts';

const ROUTES = [
  ['GET', '/v1/calls/settings', 'Calling settings'],
  ['PUT', '/v1/calls/settings', 'Change calling settings'],
  ['GET', '/v1/calls/permissions', 'Whether a peer may be called'],
  ['POST', '/v1/calls/permissions/request', 'Ask a peer for permission to call'],
] as const;

/** What only Meta's own calling has: known routes, so that a client is told so instead of 404. */
export function registerMissingFeatures(server: HttpServer): void {
  for (const [method, url, what] of ROUTES) {
    server.route({
      method,
      url,
      config: NUMBER_ROUTE,
      schema: { tags: CALL_TAGS, summary: `${what}: not supported, answers FEATURE_NOT_SUPPORTED` },
      handler: () => {
        throw new EarshotError('feature_not_supported');
      },
    });
  }
}

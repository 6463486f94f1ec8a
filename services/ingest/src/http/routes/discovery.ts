import { DiscoveryDocument, TemplatesResponse } from '@earshot/protocol';
import { type HttpServer, publicOrigin } from '@earshot/runtime';
import type { RouteDeps } from '../deps.ts';
import { discoveryView } from '../views/discovery-view.ts';

const CACHE_SECONDS = 10_800;

/** Discovery (MedScribe Alliance specification, discovery) and the list of templates. */
export function registerDiscovery(server: HttpServer, deps: RouteDeps): void {
  for (const url of ['/.well-known/medscribealliance', '/voice/v1/.well-known/medscribealliance']) {
    server.get(url, {
      config: { access: 'public', anyVersion: true },
      schema: {
        tags: ['discovery'],
        summary: 'What this server accepts',
        response: { 200: DiscoveryDocument },
      },
      handler: async (request, reply) => {
        void reply.header('cache-control', `public, max-age=${CACHE_SECONDS}`);
        return discoveryView({ ...deps.discovery, origin: publicOrigin(request, deps.publicOrigin) });
      },
    });
  }
  server.get('/voice/v1/templates', {
    config: { access: 'tenant' },
    schema: {
      tags: ['templates'],
      summary: 'Templates that a session may ask for',
      response: { 200: TemplatesResponse },
    },
    handler: () => ({
      templates: [{ id: 'transcript', name: 'Transcript', description: 'What was said, as one text.' }],
    }),
  });
}

import type { HttpServer } from '@earshot/runtime';
import { Capacity } from '../../stream/capacity/capacity.ts';
import type { RouteDeps } from '../deps.ts';

/** `/capacity`: how many more streams this node takes, for whatever spreads them over nodes. */
export function registerCapacity(server: HttpServer, { streams }: Pick<RouteDeps, 'streams'>): void {
  server.get(
    '/capacity',
    {
      config: { access: 'public', anyVersion: true },
      logLevel: 'warn',
      schema: {
        summary: 'How many more streams does this node take, and what limits it?',
        tags: ['operation'],
        response: { 200: Capacity },
      },
    },
    (_request, reply) => void reply.send(streams.capacity()),
  );
}

import type { HttpServer } from '@earshot/runtime';
import { Capacity } from '../../stream/capacity/capacity.ts';
import type { RouteDeps } from '../deps.ts';

/** `/capacity`: how many more streams this service takes, for whatever spreads them over nodes. */
export function registerCapacity(server: HttpServer, { capacity }: Pick<RouteDeps, 'capacity'>): void {
  server.get(
    '/capacity',
    {
      config: { access: 'public', anyVersion: true },
      logLevel: 'warn',
      schema: {
        summary: 'How many more streams does this service take, and what limits it?',
        tags: ['operation'],
        response: { 200: Capacity },
      },
    },
    () => capacity(),
  );
}

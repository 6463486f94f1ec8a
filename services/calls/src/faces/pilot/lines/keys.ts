import type { HttpServer } from '@earshot/runtime';
import { z } from 'zod';
import { actorOf, linesOf } from '../../caller.ts';
import type { PilotDeps } from '../deps.ts';
import { LINE_TAGS, TENANT_ROUTE } from '../route.ts';
import type { LineKeys } from './line-keys.ts';

const NumberKey = z.object({
  numberId: z.string(),
  number: z.string().nullable(),
  displayName: z.string(),
  keyId: z.string().nullable(),
  keyLast4: z.string().nullable(),
  /** Keys are stored as hashes: none can be shown again. */
  key: z.null(),
  revealable: z.literal(false),
});

/** The keys of a tenant's numbers (Pilot Status API). */
export function registerNumberKeys(server: HttpServer, deps: PilotDeps, keys: LineKeys): void {
  server.get('/v1/api-keys', {
    config: TENANT_ROUTE,
    schema: {
      tags: LINE_TAGS,
      summary: 'List the keys of all numbers',
      description: 'A key itself is never shown again; name it by `x-api-key-id` beside a key of the tenant.',
      response: { 200: z.object({ apiKeys: z.array(NumberKey) }) },
    },
    handler: async (request) => {
      const actor = actorOf(request);
      const [lines, byLine] = [await linesOf(deps.archive, actor), await keys.list(actor.tenant)];
      const apiKeys = lines.map(({ lineId, number, name }) => {
        const key = byLine.get(lineId);
        return {
          numberId: lineId,
          number,
          displayName: name,
          keyId: key?.keyId ?? null,
          keyLast4: key?.last4 ?? null,
          key: null,
          revealable: false as const,
        };
      });
      return { apiKeys };
    },
  });
}

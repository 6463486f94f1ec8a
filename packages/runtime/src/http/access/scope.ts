import { EarshotError } from '@earshot/protocol';
import type { FastifyRequest } from 'fastify';

/** The refusal of a key of the wrong kind. Deny by default: a route that says nothing is for keys of the whole tenant. */
export function refusedScope({ principal, routeOptions }: FastifyRequest): EarshotError | undefined {
  if (principal === null) return undefined;
  const scope = routeOptions.config.scope ?? 'tenant';
  if (scope === 'tenant' && principal.line !== null) return new EarshotError('number_scope_not_allowed');
  if (scope === 'line' && principal.line === null) {
    return new EarshotError('tenant_scope_not_allowed', {
      message: 'This needs the key of one line; a key of the whole tenant may name one by x-api-key-id.',
    });
  }
  return undefined;
}

import { EarshotError } from '@earshot/protocol';
import type { FastifyRequest } from 'fastify';

const HOST = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/**
 * `http(s)://host[:port]` under which clients reach this server: the configured origin, else what the request says,
 * where X-Forwarded-Proto and X-Forwarded-Host count only from a trusted proxy. Throws `invalid_request` for a bad Host.
 */
export function publicOrigin(request: FastifyRequest, configured?: string): string {
  if (configured !== undefined) return new URL(configured).origin;
  if (!HOST.test(request.host))
    throw new EarshotError('invalid_request', { message: 'The Host header is not valid.' });
  return `${request.protocol === 'https' ? 'https' : 'http'}://${request.host.toLowerCase()}`;
}
